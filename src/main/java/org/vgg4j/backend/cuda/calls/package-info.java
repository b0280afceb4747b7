/**
 * The open GPU and every call to NVIDIA's libraries, with each status checked and failures thrown
 * as exceptions. Nothing here knows tensors or plans.
 */
package org.vgg4j.backend.cuda.calls;
