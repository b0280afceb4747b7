package org.vgg4j.nn;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
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
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * A net at one input shape: its stages and the fixed tensors for images, input, labels, output and
 * output gradient. The net owns it and the parameters.
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
  private final long againMultiplyAdds;
  private final int[]
      again; // by stage: the first of the stretch that is to be computed again, or -1
  private final int leading; // stages that run as in evaluation
  private final int firstTrained; // the stage that a backward ends with
  private final Tensor[] inputs; // of the stages in the last forward
  private CrossEntropyPlan loss; // null until first requested, as are the labels
  private Tensor labels; // (N)
  private List<Work> lossWork; // null with the loss
  private final Map<ImageSpec, Images> planned = new HashMap<>();
  private InputSource source; // writes the input in the next forward; null where the host does

  /** Converts byte images (N, C0, H0, W0) to the input. */
  private record Images(ImagePlan plan, Tensor bytes, Tensor x, List<Work> work)
      implements InputSource {
    @Override
    public void run() {
      plan.forward(bytes, x);
    }
  }

  /** Plans a module for an input shape without allocating memory. */
  Execution(Network net, Supplier<? extends Module> chain, Shape x) {
    this.net = net;
    NetworkOptions options = net.options();
    Backend backend = net.backend();
    try {
      module = closing.own(chain.get());
      Freezing freezing = new Freezing(module, options);
      leading = freezing.leading();
      firstTrained = freezing.firstTrained();
      ExecutionBuilder builder =
          new ExecutionBuilder(backend, net.stepState(), net.state(), options, freezing, closing);
      memory = builder.memory;
      input = inputMemory.overlay(module.inputLayout(backend, x));
      Usage usage = new Usage(options.training(), options.inputGradient());
      output = builder.add("", module, input.layout(), new BuildContext(builder, "", usage));
      if (builder.stages.isEmpty()) {
        throw new IllegalStateException("a net needs a module");
      }
      outputGradient = options.training() ? memory.gradient(output) : null;
      stages = List.copyOf(builder.stages);
      workspaceBytes = builder.workspaceBytes;
      againMultiplyAdds = builder.againMultiplyAdds;
      memory.arrange(options.recomputation().stages());
      again = again(options.recomputation(), memory.stretches(), stages.size());
      inputs = new Tensor[stages.size()];
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private static int[] again(Recomputation chosen, List<Stretch> stretches, int stages) {
    int[] again = new int[stages];
    Arrays.fill(again, -1);
    for (int i = 0; i < stretches.size(); i++) {
      if (chosen.stages().contains(i)) {
        again[stretches.get(i).last()] = stretches.get(i).first();
      }
    }
    return again;
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

  /** Returns the input tensor, row-major. */
  public Tensor input() {
    return input.tensor();
  }

  /** Returns the layout of the output, for VGG the logits (N, classes). */
  public Layout output() {
    return output;
  }

  /**
   * Returns the tensor for the output gradient. Write it after the forward, which may use its
   * memory.
   *
   * @throws IllegalStateException in a net built for inference
   */
  public Tensor outputGradient() {
    if (outputGradient == null) {
      throw new IllegalStateException("this net was built for inference");
    }
    return outputGradient.tensor();
  }

  /** Returns the tensor for the labels (N), of type I32; planned on the first call. */
  public Tensor labels() {
    planLoss();
    return labels;
  }

  private void planLoss() {
    if (loss == null) {
      Layout layout = net.backend().plainLayout(Shape.of(batch()), DType.I32);
      LossAccumulator sums = net.lossAccumulator();
      loss =
          closing.own(
              net.backend()
                  .crossEntropy(output, net.stepState(), sums, net.options().labelSmoothing()));
      lossWork = loss.work();
      labels = take(layout, MemoryOwner.LABELS);
    }
  }

  private Tensor take(Layout layout, String owner) {
    Arena arena = take(Arena.align(layout.bytes()), owner);
    return arena.tensor(0, layout);
  }

  /**
   * Returns the tensor for byte images, which {@link #forward(boolean)} then converts to the input;
   * null when the engine leaves that to the host, which then writes to {@link #input}.
   *
   * @param spec how to convert them; null to start from the input itself
   * @throws org.vgg4j.tensor.InvalidInputException when the images do not fit the input
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Tensor images(ImageSpec spec) {
    Images images = spec == null ? null : planned.get(spec);
    if (spec != null && images == null) {
      ImagePlan plan = net.backend().images(spec, input.layout());
      if (plan != null) {
        images =
            new Images(
                closing.own(plan), take(plan.bytes(), MemoryOwner.IMAGES), input(), plan.work());
        planned.put(spec, images);
      }
    }
    source = images;
    return images == null ? null : images.bytes;
  }

  /**
   * Takes something that was made for this shape, to close it before the plans and memory it uses.
   */
  public void own(AutoCloseable made) {
    closing.own(made);
  }

  /** Makes {@link #forward(boolean)} start with something that writes the input. */
  public void startWith(InputSource other) {
    source = other;
  }

  /**
   * Returns what the next {@link #forward(boolean)} starts with: always the same object for the
   * same source at this shape, so that what is recorded for one is not run for another; null when
   * it starts from the input itself.
   */
  public InputSource source() {
    return source;
  }

  /**
   * Computes the output from the images, or from the input when no images are set.
   *
   * @return the output, valid until the next forward of the net, and where stages are computed
   *     again only until the backward
   */
  public Tensor forward(boolean training) {
    if (source != null) {
      source.run();
    }
    return forward(input(), training);
  }

  /** Returns what the engine does to convert images; empty when it is not counted or not done. */
  public List<Work> imageWork() {
    return source == null ? List.of() : source.work();
  }

  /** Returns what the engine does in {@link #loss}; empty when it is not counted. */
  public List<Work> lossWork() {
    planLoss();
    return lossWork;
  }

  Tensor forward(Tensor x, boolean training) {
    StageListener listener = net.listener();
    Tensor tensor = x;
    for (int i = 0; i < stages.size(); i++) {
      inputs[i] = tensor;
      tensor = stages.get(i).forward(tensor, training && i >= leading, listener);
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
   * Computes the gradients for the last training forward, overwriting those of the parameters and,
   * but for the output, the activations that the forward kept: another backward needs another
   * forward, unless the net was built {@link NetworkOptions#withRepeatedBackward}.
   *
   * @param dy the gradient of the output
   * @return the gradient of the input, null unless the net was built to compute it
   */
  public Tensor backward(Tensor dy) {
    return backward(dy, net.listener(), null);
  }

  /**
   * As {@link #backward(Tensor)}.
   *
   * @param done hears of each stage that is trained once their gradients are there and nothing
   *     reads the parameters any more
   */
  public Tensor backward(Tensor dy, Consumer<Stage> done) {
    return backward(dy, net.listener(), done);
  }

  private Tensor backward(Tensor dy, StageListener listener, Consumer<Stage> done) {
    Tensor tensor = dy;
    for (int i = stages.size() - 1; i >= firstTrained; i--) {
      if (again[i] >= 0) {
        forwardAgain(again[i], i, listener);
      }
      Stage stage = stages.get(i);
      tensor = stage.backward(tensor, listener);
      if (done != null && stage.isTrained()) {
        done.accept(stage);
      }
    }
    return tensor;
  }

  private void forwardAgain(int first, int last, StageListener listener) {
    Tensor tensor = inputs[first];
    for (int i = first; i <= last; i++) {
      tensor = stages.get(i).forwardAgain(tensor, listener);
    }
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

  /**
   * Returns the multiply-adds of a pass, forward and backward, that nothing is computed again in.
   */
  long multiplyAdds() {
    long sum = 0;
    for (int i = 0; i < stages.size(); i++) {
      Stage stage = stages.get(i);
      boolean passesOn = i > firstTrained || (leading == 0 && net.options().inputGradient());
      int passes = i < leading ? 1 : 1 + (stage.isTrained() ? 1 : 0) + (passesOn ? 1 : 0);
      sum += passes * stage.multiplyAdds();
    }
    return sum;
  }

  /** Returns the multiply-adds that blocks make again in a backward. */
  long againMultiplyAdds() {
    return againMultiplyAdds;
  }

  /** Binds every slot to its tensor; the arenas may be shared with other shapes. */
  void bind(Arena activations, Arena gradients, Arena inputs) {
    memory.bind(activations, gradients);
    inputMemory.bind(inputs, 0);
  }

  /** Allocates its own memory. */
  void allocate() {
    bind(
        take(memory.activationBytes(), MemoryOwner.ACTIVATIONS),
        take(memory.gradientBytes(), MemoryOwner.ACTIVATION_GRADIENTS),
        take(inputBytes(), MemoryOwner.INPUTS));
  }

  private Arena take(long bytes, String owner) {
    return bytes == 0 ? null : closing.own(net.backend().allocate(bytes, owner));
  }

  /** Returns the bytes that {@link #allocate} needs. */
  long bytes() {
    return memory.activationBytes() + memory.gradientBytes() + inputBytes();
  }

  @Override
  public void close() {
    closing.close();
  }
}
