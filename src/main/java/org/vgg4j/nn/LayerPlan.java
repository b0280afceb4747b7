package org.vgg4j.nn;

import org.vgg4j.tensor.Shape;

/**
 * A row of the table of a net's layers, for the largest batch size.
 *
 * @param name the scope of its parameters, such as {@code features.0}
 * @param type the simple name of the module's class
 * @param output the shape of the output, batch first
 * @param parameterCount how many trained values it has
 * @param multiplyAdds those of a forward pass over the batch
 * @param activationBytes what it keeps of a forward pass: outputs and what the backward reads; in
 *     inference, outputs, which take turns in the same memory
 */
public record LayerPlan(
    String name,
    String type,
    Shape output,
    long parameterCount,
    long multiplyAdds,
    long activationBytes) {}
