/**
 * The CPU engine: oneDNN through its JavaCPP bindings, in single precision or bf16, in the layouts
 * that oneDNN prefers.
 */
package org.vgg4j.backend.onednn;
