/**
 * Shapes, types, tensors and the interface between the layers and the engines that compute them.
 */
package org.vgg4j.tensor;
