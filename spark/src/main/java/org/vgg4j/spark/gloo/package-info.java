/** Sums over processes through gloo, and how its ranks find and watch each other. */
package org.vgg4j.spark.gloo;
