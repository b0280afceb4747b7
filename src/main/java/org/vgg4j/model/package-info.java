/** Model files: nets as safetensors files with torchvision's names, and files from elsewhere. */
package org.vgg4j.model;
