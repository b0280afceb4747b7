/** Programs on libtorch that vgg4j is compared with: numbers for its tests, and training speed. */
package org.vgg4j.benchmarks;
