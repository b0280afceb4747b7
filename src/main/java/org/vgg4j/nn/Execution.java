package org.vgg4j.nn;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * A net at one input shape: its stages and the fixed places of what goes in and comes out (images,
 * input, labels, output, its gradient). The net owns it; parameters are the net's.
 */
public final class Execution implements AutoCloseable {
  private final Network net;
  private final Closing closing = new Closing();
  private final Module module;
  private final List<Stage> stages;
  private final ActivationMemory memory;
  private final SlotLayout inputMemory = new SlotLayout();
  private final Slot input;
  private final Layout output;
  private final Slot outputGradient; // null in inference
  private final long workspaceBytes;
  private CrossEntropyPlan loss; // null until labels or loss are asked for, as the labels
  private Tensor labels; // (N)
  private final Map<ImageSpec, Images> planned = new HashMap<>();
  private Images images; // that the next forward begins with; null for the input itself

  /** A way from images of bytes (N, C0, H0, W0) to the input. */
  private record Images(ImagePlan plan, Tensor bytes) {}

  /** Plans a module for an input shape; no memory is taken. */
  Execution(Network net, Supplier<? extends Module> chain, Shape x) {
    this.net = net;
    NetworkOptions options = net.options();
    Backend backend = net.backend();
    try {
      module = closing.own(chain.get());
      ExecutionBuilder builder =
          new ExecutionBuilder(backend, net.stepState(), net.state(), options.training(), closing);
      memory = builder.memory;
      input = inputMemory.overlay(backend.plainLayout(x, backend.types().activation()));
      Usage usage = new Usage(options.training(), options.inputGradient());
      output = builder.add("", module, input.layout(), new BuildContext(builder, "", usage));
      if (builder.stages.isEmpty()) {
        throw new IllegalStateException("a net needs a module");
      }
      outputGradient = options.training() ? memory.gradient(output) : null;
      stages = List.copyOf(builder.stages);
      workspaceBytes = builder.workspaceBytes;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns the shape of the input, batch first. */
  public Shape shape() {
    return input.layout().shape();
  }

  /** Returns the batch size. */
  public int batch() {
    return shape().dim(0);
  }

  /** Returns the stages, first to last. */
  public List<Stage> stages() {
    return stages;
  }

  /** Returns the place of the input, row-major. */
  public Tensor input() {
    return input.tensor();
  }

  /** Returns the layout of the output: of VGG's logits (N, classes). */
  public Layout output() {
    return output;
  }

  /**
   * Returns the place of the gradient of the output.
   *
   * @throws IllegalStateException in a net for inference
   */
  public Tensor outputGradient() {
    if (outputGradient == null) {
      throw new IllegalStateException("this net was built for inference");
    }
    return outputGradient.tensor();
  }

  /** Returns the place of the labels (N), of type I32; planned at the first call. */
  public Tensor labels() {
    planLoss();
    return labels;
  }

  private void planLoss() {
    if (loss == null) {
      Layout layout = net.backend().plainLayout(Shape.of(batch()), DType.I32);
      LossAccumulator sums = net.lossAccumulator();
      loss = closing.own(net.backend().crossEntropy(output, net.stepState(), sums));
      labels = take(layout);
    }
  }

  private Tensor take(Layout layout) {
    Arena arena = closing.own(net.backend().allocate(Arena.align(layout.bytes())));
    return arena.tensor(0, layout);
  }

  /**
   * Returns the place of images of bytes that {@link #forward(boolean)} makes the input of from now
   * on; null when the engine leaves that to the host, which then writes to {@link #input}.
   *
   * @param spec how they become the input; null to begin with the input itself
   * @throws org.vgg4j.tensor.InvalidInputException when the images do not fit the input
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Tensor images(ImageSpec spec) {
    images = spec == null ? null : planned.get(spec);
    if (spec != null && images == null) {
      ImagePlan plan = net.backend().images(spec, input.layout());
      if (plan != null) {
        images = new Images(closing.own(plan), take(plan.bytes()));
        planned.put(spec, images);
      }
    }
    return images == null ? null : images.bytes;
  }

  /**
   * Computes the output of what lies in the place of the images, or of the input.
   *
   * @return the output, valid until the next forward of the net
   */
  public Tensor forward(boolean training) {
    if (images != null) {
      images.plan.forward(images.bytes, input());
    }
    return forward(input(), training);
  }

  Tensor forward(Tensor x, boolean training) {
    StageListener listener = net.listener();
    Tensor tensor = x;
    for (int i = 0; i < stages.size(); i++) {
      tensor = stages.get(i).forward(tensor, training, listener);
    }
    return tensor;
  }

  /**
   * Adds the losses of the last forward's output to the net's sums.
   *
   * @param dlogits overwritten with their gradient, null for none
   */
  public void loss(Tensor logits, Tensor dlogits) {
    planLoss();
    loss.forward(logits, labels, dlogits);
  }

  /**
   * Computes the gradients for the last training forward, overwriting those of the parameters.
   *
   * @param dy the gradient of the output
   * @return the gradient of the input, null unless the net was built with it
   */
  public Tensor backward(Tensor dy) {
    StageListener listener = net.listener();
    Tensor tensor = dy;
    for (int i = stages.size() - 1; i >= 0; i--) {
      tensor = stages.get(i).backward(tensor, listener);
    }
    return tensor;
  }

  Module module() {
    return module;
  }

  ActivationMemory memory() {
    return memory;
  }

  long inputBytes() {
    return inputMemory.bytes();
  }

  long workspaceBytes() {
    return workspaceBytes;
  }

  /** Gives every planned place its tensor; the arenas may be shared with other shapes. */
  void bind(Arena activations, Arena gradients, Arena inputs) {
    memory.bind(activations, gradients);
    inputMemory.bind(inputs, 0);
  }

  /** Takes memory of its own. */
  void allocate() {
    bind(take(memory.activationBytes()), take(memory.gradientBytes()), take(inputBytes()));
  }

  private Arena take(long bytes) {
    return bytes == 0 ? null : closing.own(net.backend().allocate(bytes));
  }

  /** Returns the bytes that {@link #allocate} takes. */
  long bytes() {
    return memory.activationBytes() + memory.gradientBytes() + inputBytes();
  }

  @Override
  public void close() {
    closing.close();
  }
}
