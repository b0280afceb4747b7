package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;

/**
 * The activations and activation gradients of one input shape. In inference activations alternate
 * between two halves. What training needs is laid out once all stages are known ({@link
 * StackLayout}).
 *
 * <p>Stages that lead ({@link Freezing}) have their activations as in inference; the last one stays
 * until the next forward.
 *
 * <p>A {@link Stretch} that is computed again needs its inner activations while its forward runs,
 * and from the beginning of its backward to the end. In between, what comes behind it has the same
 * memory: it is written after that forward, and last read before that backward. So the memory of
 * training is a stack, on which the inner activations of such a stretch are not left.
 */
final class ActivationMemory {
  private final boolean training;
  private final boolean sharesStack; // whether gradients may lie where activations were kept
  private final int leading; // stages of which nothing is kept, nor computed again
  private final List<StageMemory> stages = new ArrayList<>();
  private final List<Stretch> stretches = new ArrayList<>();
  private final SlotLayout[] activationHalves = {new SlotLayout(), new SlotLayout()};
  private final List<Slot> gradients = new ArrayList<>(); // in the order of the requests
  private StageMemory stage = new StageMemory();
  private int activationTurn;
  private long multiplyAdds; // since the last stretch
  private StackLayout layout; // null until it is arranged

  /** What one stage asked for. */
  private static final class StageMemory {
    private final List<Slot> kept = new ArrayList<>();
    private final List<Slot> passing = new ArrayList<>();
    private Slot output; // the last activation that is kept; null without one
    private int gradients; // asked for by this stage and all before it

    private long bytes() {
      return kept.stream().mapToLong(slot -> Arena.align(slot.layout().bytes())).sum();
    }

    private StackLayout.StageSlots slots() {
      return new StackLayout.StageSlots(kept, passing, output, gradients);
    }
  }

  ActivationMemory(NetworkOptions options, int leading) {
    training = options.training();
    sharesStack = !options.repeatedBackward();
    this.leading = leading;
  }

  /** Returns whether the stage being planned leads in a training, which keeps nothing of it. */
  boolean isPassedOver() {
    return training && !keeps();
  }

  private boolean keeps() {
    return training && stages.size() >= leading;
  }

  Slot activation(Layout layout) {
    if (!keeps()) {
      return activationHalves[activationTurn++ % 2].overlay(layout);
    }
    stage.output = saved(layout);
    return stage.output;
  }

  Slot saved(Layout layout) {
    Slot slot = new Slot(layout);
    stage.kept.add(slot);
    return slot;
  }

  /** Plans an activation that is read once in the forward, in the memory of gradients. */
  Slot passing(Layout layout) {
    if (!keeps()) {
      return activation(layout);
    }
    Slot slot = new Slot(layout);
    stage.passing.add(slot);
    stage.output = null;
    return slot;
  }

  Slot gradient(Layout layout) {
    if (!training) {
      throw new IllegalStateException("a net built for inference has no gradients");
    }
    Slot slot = new Slot(layout);
    gradients.add(slot);
    return slot;
  }

  /** Ends a stage; a stretch ends with it where images get smaller and the output is kept. */
  void stageDone(Layout x, Layout y, long stageMultiplyAdds) {
    StageMemory done = stage;
    done.gradients = gradients.size();
    stages.add(done);
    stage = new StageMemory();
    multiplyAdds += stages.size() > leading ? stageMultiplyAdds : 0;
    boolean keepsOutput = done.output != null && done.output.layout().equals(y);
    if (keepsOutput && plane(y.shape()) < plane(x.shape())) {
      int first = stretches.isEmpty() ? leading : stretches.get(stretches.size() - 1).last() + 1;
      int last = stages.size() - 1;
      long bytes = stages.subList(first, last + 1).stream().mapToLong(StageMemory::bytes).sum();
      long inner = bytes - Arena.align(done.output.layout().bytes());
      stretches.add(new Stretch(first, last, inner, multiplyAdds));
      multiplyAdds = 0;
    }
  }

  /** Returns the positions of an image, 1 for what is none. */
  private static long plane(Shape shape) {
    return shape.rank() == 4 ? (long) shape.dim(2) * shape.dim(3) : 1;
  }

  /**
   * Lays out what training needs; called once, after the last stage.
   *
   * @param again which stretches are computed again
   */
  void arrange(List<Integer> again) {
    stage.gradients = gradients.size();
    stages.add(stage); // of what was asked for outside of stages
    layout = layout(again);
  }

  private StackLayout layout(List<Integer> again) {
    List<StackLayout.StageSlots> all = stages.stream().map(StageMemory::slots).toList();
    return new StackLayout(all, stretches, gradients, again, sharesStack);
  }

  List<Stretch> stretches() {
    return stretches;
  }

  long activationBytes() {
    return layout.stackBytes() + halves();
  }

  private long halves() {
    return activationHalves[0].bytes() + activationHalves[1].bytes();
  }

  long gradientBytes() {
    return layout.gradientBytes();
  }

  /** Returns what {@link #activationBytes} would be with other stretches. */
  long activationBytes(List<Integer> again) {
    return layout(again).stackBytes() + halves();
  }

  /** Returns what {@link #gradientBytes} would be with other stretches. */
  long gradientBytes(List<Integer> again) {
    return layout(again).gradientBytes();
  }

  /** Binds every slot to its tensor; this memory starts at offset 0 of both arenas. */
  void bind(Arena activations, Arena gradientsArena) {
    layout.bind(activations, gradientsArena);
    activationHalves[0].bind(activations, layout.stackBytes());
    activationHalves[1].bind(activations, layout.stackBytes() + activationHalves[0].bytes());
  }
}
