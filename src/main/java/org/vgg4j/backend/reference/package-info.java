/**
 * The engine that every other one is checked against: plain Java in double precision on one thread,
 * with loops that read like the formulas.
 */
package org.vgg4j.backend.reference;
