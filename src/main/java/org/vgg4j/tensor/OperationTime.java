package org.vgg4j.tensor;

/**
 * One run of one operation.
 *
 * @param name what it computes, for a person
 * @param implementation what computes it: the library's own name for it, or the kernel's
 * @param conversion whether it only changes order or type of values
 * @param millis how long it took, in milliseconds
 * @param bytes of its operands, each counted once and whole; 0 when that is not known
 * @param multiplyAdds of products; other arithmetic is not counted
 */
public record OperationTime(
    String name,
    String implementation,
    boolean conversion,
    double millis,
    long bytes,
    long multiplyAdds) {}
