/** From an image to a net's input. */
package org.vgg4j.data.preprocessing;
