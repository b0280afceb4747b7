package org.vgg4j.nn;

import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.WeightedSpec;

/**
 * Initializes the weights and biases of convolutions and fully connected layers; batch norm always
 * starts at 1 and 0.
 */
public enum Initialization {
  /**
   * Convolutions normal with standard deviation sqrt(2 / fan-out), fully connected layers normal
   * with 0.01, biases 0. Source: He et al., 2015, as torchvision's VGG applies it.
   */
  KAIMING {
    @Override
    Initializer convWeight(double fanIn, double fanOut) {
      return Initializer.normal(Math.sqrt(2 / fanOut));
    }

    @Override
    Initializer linearWeight(double fanIn, double fanOut) {
      return Initializer.normal(0.01);
    }
  },

  /** Uniform within sqrt(6 / (fan-in + fan-out)), biases 0. Source: Glorot and Bengio, 2010. */
  GLOROT {
    @Override
    Initializer convWeight(double fanIn, double fanOut) {
      return Initializer.uniform(Math.sqrt(6 / (fanIn + fanOut)));
    }
  },

  /** Normal with variance 0.01, biases 0. Source: Simonyan and Zisserman, 2015, section 3.1. */
  PAPER {
    @Override
    Initializer convWeight(double fanIn, double fanOut) {
      return Initializer.normal(0.1);
    }
  },

  /**
   * Uniform within 1 / sqrt(fan-in), biases too. Source: the defaults of PyTorch's {@code Conv2d}
   * and {@code Linear} (kaiming_uniform with a = sqrt(5)).
   */
  PYTORCH {
    @Override
    Initializer convWeight(double fanIn, double fanOut) {
      return Initializer.uniform(1 / Math.sqrt(fanIn));
    }

    @Override
    Initializer bias(double fanIn) {
      return Initializer.uniform(1 / Math.sqrt(fanIn));
    }
  };

  abstract Initializer convWeight(double fanIn, double fanOut);

  Initializer linearWeight(double fanIn, double fanOut) {
    return convWeight(fanIn, fanOut);
  }

  Initializer bias(double fanIn) {
    return Initializer.constant(0);
  }

  Initializer weight(Conv2dSpec spec) {
    return convWeight((double) spec.fanIn(), (double) spec.fanOut());
  }

  Initializer weight(LinearSpec spec) {
    return linearWeight((double) spec.fanIn(), (double) spec.fanOut());
  }

  Initializer bias(WeightedSpec spec) {
    return bias((double) spec.fanIn());
  }

  /**
   * Returns the initialization named kaiming, glorot, paper or pytorch.
   *
   * @throws InvalidInputException when the name is unknown
   */
  public static Initialization of(String name) {
    return Choice.of("init", Initialization.class, name);
  }

  /** Returns the name that {@link #of} takes. */
  public String label() {
    return Choice.name(this);
  }
}
