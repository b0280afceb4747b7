package org.vgg4j.tensor;

import java.util.Map;

/**
 * An engine: memory, plans and the operations behind them.
 *
 * <p>It belongs to one thread at a time: the first that uses it, until {@link #release} or that
 * thread's end. Another thread's use throws {@link IllegalStateException}. Several engines in one
 * process do not disturb each other.
 *
 * <p>Layouts given to a plan must come from the same engine. A plan is asked for with the layout of
 * its input and names the layouts of its output and weights; a {@code w} that is not null says that
 * the weights exist already, in that layout.
 */
public interface Backend extends AutoCloseable {
  /** Returns the name that {@code --device} knows: reference, cpu or cuda. */
  String name();

  /** Returns one line that says what computes: library, version, instruction set, threads. */
  String description();

  /** Returns the types that the engine keeps a net's values in. */
  Types types();

  /**
   * Returns the layout of a shape that belongs to no plan: row-major, or for images (N, C, H, W)
   * the order that the engine's operations work in.
   */
  Layout plainLayout(Shape shape, DType dtype);

  /** Returns the layout of a net's input that a convolution reads. */
  default Layout firstLayout(Shape x) {
    return plainLayout(x, types().activation());
  }

  /**
   * Takes memory, zeroed.
   *
   * @param owner what it is for, as {@link #memory} and messages name it: one of {@link
   *     MemoryOwner} or a name of your own
   * @throws OutOfDeviceMemoryException when there is not enough
   */
  Arena allocate(long bytes, String owner);

  /** Takes memory as {@link #allocate(long, String)} does, for {@link MemoryOwner#OTHER}. */
  default Arena allocate(long bytes) {
    return allocate(bytes, MemoryOwner.OTHER);
  }

  /**
   * Returns what the memory is held for that this engine has taken, with the peaks since it was
   * opened. Any thread may ask, also after the engine was closed.
   */
  default MemoryUse memory() {
    return MemoryUse.NONE;
  }

  /** Returns how many bytes may still be taken, as well as the engine can tell. */
  long availableBytes();

  /** Returns what limits {@link #availableBytes}, for a person: this machine's memory. */
  String memoryLimit();

  /**
   * Takes the workspace that the plans made so far share, so that a lack of memory shows before the
   * first step. Engines without one of their own do nothing.
   *
   * @throws OutOfDeviceMemoryException when there is not enough
   */
  default void allocateWorkspace() {}

  /**
   * Gives freed memory that the process still holds back to the system, so that a net can have it.
   * Engines whose tensors lie in other memory do nothing.
   */
  default void trimMemory() {}

  /**
   * Returns after how many steps a training should begin to read its totals: 1 for an engine that
   * is done when a call returns, more for one that works while the host goes on.
   */
  default int readInterval() {
    return 1;
  }

  /** Returns how many of the host's threads compute together; 1 for an engine that has others. */
  default int threads() {
    return 1;
  }

  /**
   * Returns what the engine chose by timing, such as the plans of convolutions: name to choice.
   * Stored with a run and given to the engine again, they give the same bits.
   */
  default Map<String, String> choices() {
    return Map.of();
  }

  /** Returns a new step state in this engine's memory. */
  StepState newStepState();

  /** Returns new sums of losses in this engine's memory, all zero. */
  LossAccumulator newLossAccumulator();

  /**
   * Writes down work over memory that stays where it is, so that it can be run again. The work was
   * run once before, reads what changes from a {@link StepState}, and neither waits nor copies from
   * the host. By default running it again calls it again.
   */
  default Recorded record(Runnable work) {
    allocateWorkspace();
    return work::run;
  }

  /**
   * Returns whether the output of a batch norm is kept for the backward of the convolution that
   * reads it, unless memory is short; else it is always computed again there, from its input, with
   * the same bits.
   */
  default boolean keepsNorms() {
    return true;
  }

  /**
   * Returns whether work is being recorded whose parts may run beside each other: see {@link
   * #beside}.
   */
  default boolean isBranching() {
    return false;
  }

  /**
   * Runs work that only reads what is there now and writes what nothing else uses before the end of
   * the recorded work, so that it may run beside what follows.
   */
  default void beside(Runnable work) {
    work.run();
  }

  /**
   * Takes host memory to upload from, for {@link Tensor#uploadAsync}; any thread may write to it.
   */
  default HostBuffer newHostBuffer(int bytes) {
    return HostBuffer.direct(bytes);
  }

  /** Waits until all work handed to the engine is done. */
  void synchronize();

  /**
   * Returns what times this engine's steps; the caller closes it. By default only the sections of a
   * step are timed, for an engine that is done when a call returns.
   */
  default Profiler profiler() {
    return new HostProfiler();
  }

  /**
   * Returns what a training should tell where its steps are, for a tool that follows this process
   * from outside; {@link StepMarks#NONE} when none does.
   */
  default StepMarks marks() {
    return StepMarks.NONE;
  }

  /** Plans a convolution. */
  WeightedPlan conv2d(Conv2dSpec spec, Layout x, Layout w, Usage usage);

  /** Plans a batch normalization. */
  BatchNorm2dPlan batchNorm2d(BatchNorm2dSpec spec, Layout x, Usage usage);

  /** Plans a ReLU. */
  ReluPlan relu(Layout x, Usage usage);

  /** Plans a max pooling. */
  WindowPlan maxPool2d(MaxPool2dSpec spec, Layout x, Usage usage);

  /** Plans an adaptive average pooling. */
  WindowPlan adaptiveAvgPool2d(AdaptiveAvgPool2dSpec spec, Layout x, Usage usage);

  /** Plans a fully connected layer. */
  WeightedPlan linear(LinearSpec spec, Layout x, Layout w, Usage usage);

  /** Plans a dropout. */
  DropoutPlan dropout(DropoutSpec spec, Layout x, StepState state);

  /** Plans a local response normalization. */
  WindowPlan localResponseNorm(LrnSpec spec, Layout x, Usage usage);

  /**
   * Plans a softmax cross entropy over logits (N, classes).
   *
   * @param state gives rows and loss scale, and numbers the steps, so that the sums can name the
   *     first that went wrong
   * @param sums what the losses are added to
   * @param labelSmoothing the share of each sample's target that is spread evenly over all classes,
   *     in [0, 1)
   */
  CrossEntropyPlan crossEntropy(
      Layout logits, StepState state, LossAccumulator sums, double labelSmoothing);

  /** Plans a softmax cross entropy whose targets are the labels alone. */
  default CrossEntropyPlan crossEntropy(Layout logits, StepState state, LossAccumulator sums) {
    return crossEntropy(logits, state, sums, 0);
  }

  /**
   * Plans the way of images of bytes of one shape into a net's input on the engine; null, the
   * default, on an engine for which the threads that prepare batches do that.
   *
   * @param x the layout of the net's input (N, C, S, S)
   */
  default ImagePlan images(ImageSpec spec, Layout x) {
    return null;
  }

  /**
   * Plans the way of images of bytes of any shapes into a net's input, with their labels: those of
   * a batch, or those of a data set that lies in the engine's memory. Null, the default, on an
   * engine for which the threads that prepare batches do that, and which has no memory of its own
   * to keep a data set in.
   *
   * @param x the layout of the net's input (N, C, S, S)
   * @param state says where a batch begins in the table; null where each has a table of its own
   */
  default ImageViewPlan imageViews(ImageViewSpec spec, Layout x, StepState state) {
    return null;
  }

  /**
   * Plans Adam.
   *
   * @param m its first moments, as the masters; zero before the first step
   * @param v its second moments, likewise
   */
  OptimizerPlan adam(AdamSpec spec, ParameterSlabs slabs, Arena m, Arena v, StepState state);

  /**
   * Plans SGD.
   *
   * @param v the momentum buffer, as the masters, zero before the first step; null when the
   *     momentum is 0
   */
  OptimizerPlan sgd(SgdSpec spec, ParameterSlabs slabs, Arena v, StepState state);

  /** Plans the addition of one slab of gradients to another of the same size. */
  AccumulatePlan accumulate(Arena from, Arena into);

  /**
   * Plans a limit of the gradients' norm.
   *
   * @param most the largest norm that is left as it is
   */
  ClipPlan clip(double most, Arena gradients);

  /**
   * Plans a running average.
   *
   * @param decay in [0, 1): the share of the old average in the new one
   * @param values what is averaged
   * @param average at most as large
   */
  AveragePlan average(double decay, Arena values, Arena average);

  /**
   * Plans a whole block; an engine that can fuse more than its single operations do overrides this.
   */
  default ConvBlockPlan convBlock(
      ConvBlockSpec spec, Layout x, Layout w, Usage usage, MemoryPlanner memory) {
    return ComposedConvBlock.plan(this, spec, x, w, usage, memory);
  }

  /**
   * Lets go of the engine, so that the next thread to use it has it.
   *
   * @throws IllegalStateException when it belongs to another thread
   */
  void release();

  @Override
  void close();
}
