/**
 * Files: durable, atomic writing and the safetensors format.
 *
 * <p>Every file-system call of a writer goes through {@link org.vgg4j.io.FileOperations}, so that
 * tests can make each of them fail, fall short or stop.
 */
package org.vgg4j.io;
