package org.vgg4j.nn;

/**
 * Stages of an execution from where an image got smaller to where it gets smaller again: the
 * convolutions between two max-pools, and the second pool. Its output is always kept.
 *
 * @param first the index of its first stage
 * @param last the index of its last stage
 * @param innerBytes what its backward reads besides its input
 * @param multiplyAdds those of its forward over the batch
 */
public record Stretch(int first, int last, long innerBytes, long multiplyAdds) {}
