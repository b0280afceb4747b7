/** Packs vgg4j with its Java runtime for a Linux machine that has neither Java nor a network. */
package org.vgg4j.bundle;
