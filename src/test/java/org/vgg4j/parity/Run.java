package org.vgg4j.parity;

import java.util.List;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.SgdSpec;

/**
 * A run of ten steps.
 *
 * @param label its name in the fixtures
 * @param settings the optimizer, as the fixtures' metadata describe it
 */
record Run(String label, Optimizer optimizer, String settings) {
  static final int STEPS = 10;
  static final double LEARNING_RATE = 0.01;

  static final List<Run> ALL =
      List.of(
          new Run(
              "adam",
              new Adam(new AdamSpec(0.9, 0.999, 1e-8, 0)),
              "torch::optim::Adam: lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0"),
          new Run(
              "adam_decay",
              new Adam(new AdamSpec(0.9, 0.999, 1e-8, 0.01)),
              "torch::optim::Adam: lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01"),
          new Run(
              "sgd",
              new Sgd(new SgdSpec(0.9, 0.01)),
              "torch::optim::SGD: lr=0.01, momentum=0.9, weight_decay=0.01"));

  @Override
  public String toString() {
    return label;
  }
}
