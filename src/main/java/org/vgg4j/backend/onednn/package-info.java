/**
 * The CPU engine: oneDNN through its JavaCPP bindings, single precision, in the layouts that oneDNN
 * prefers.
 */
package org.vgg4j.backend.onednn;
