/**
 * The opened GPU and every call of NVIDIA's libraries: each call's status is read and becomes an
 * exception. Nothing here knows a tensor or a plan.
 */
package org.vgg4j.backend.cuda.calls;
