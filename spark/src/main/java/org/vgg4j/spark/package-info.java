/**
 * Trains on several machines: Spark schedules and starts again, and ranks add up their gradients.
 */
package org.vgg4j.spark;
