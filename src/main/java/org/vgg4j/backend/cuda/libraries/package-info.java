/** CUDA's and cuDNN's shared libraries: finding them, loading them and reading their versions. */
package org.vgg4j.backend.cuda.libraries;
