/**
 * Model files: a net as a safetensors file under torchvision's names, and files of other origin.
 */
package org.vgg4j.model;
