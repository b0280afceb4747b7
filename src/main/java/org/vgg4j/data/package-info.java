/** Labelled images: what a source of them is, and what is drawn for them in an epoch. */
package org.vgg4j.data;
