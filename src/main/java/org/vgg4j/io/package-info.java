/**
 * Files: durable, atomic writing and the safetensors format.
 *
 * <p>Every file-system call of a writer goes through {@link org.vgg4j.io.FileOperations}, so that
 * tests can fail, shorten or stop each of them.
 */
package org.vgg4j.io;
