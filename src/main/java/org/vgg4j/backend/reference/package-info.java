/**
 * The engine that every other one is checked against: plain Java, double precision, one thread, and
 * loops that read like the formulas.
 */
package org.vgg4j.backend.reference;
