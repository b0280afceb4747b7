package com.example;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.vgg4j.gradcheck.junit.GradientChecker;
import org.vgg4j.gradcheck.junit.GradientChecks;
import org.vgg4j.tensor.Shape;

@ExtendWith(GradientChecks.class)
class SwishTest {
  @Test
  void gradients(GradientChecker checker) {
    checker.check(new Swish(), Shape.of(2, 3, 4, 4));
  }
}
