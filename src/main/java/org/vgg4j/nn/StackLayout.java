package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Slot;

/**
 * Where the activations and gradients of a training lie. What is kept is a stack: the forward adds
 * to it, and the backward is done with it from its top. So the gradients of a stage, and what
 * passes in its forward, lie where later stages keep theirs, as far as there is room between what
 * the stages around it keep and the net's output; the others have memory of their own.
 *
 * <p>Gradients alternate between two halves, of which one hangs from the other. Of two that were
 * asked for in a row both may be in use.
 */
final class StackLayout {
  /**
   * What a stage asked for.
   *
   * @param kept what is read in the backward
   * @param passing what is read once in the forward
   * @param output the last activation that is kept; null without one
   * @param gradients how many gradients had been asked for at its end, by all stages: the number of
   *     the next one, which is that of its output
   */
  record StageSlots(List<Slot> kept, List<Slot> passing, Slot output, int gradients) {}

  private final List<StageSlots> stages;
  private final List<Stretch> stretches;
  private final List<Slot> gradients; // in the order in which they were asked for
  private final List<Integer> again; // stretches
  private final boolean isShared;
  private final SlotLayout stack = new SlotLayout();
  private final SlotLayout[] halves = {new SlotLayout(), new SlotLayout()};
  private final long[] tops; // by stage: the end of what it and all before it keep
  private long ceiling; // the beginning of what the last stage keeps

  /**
   * Lays them out.
   *
   * @param again which stretches are computed again
   * @param isShared whether anything but what is kept may lie in the stack
   */
  StackLayout(
      List<StageSlots> stages,
      List<Stretch> stretches,
      List<Slot> gradients,
      List<Integer> again,
      boolean isShared) {
    this.isShared = isShared;
    this.stages = stages;
    this.stretches = stretches;
    this.gradients = gradients;
    this.again = again;
    tops = new long[stages.size()];
    placeKept();
    placeGradients();
    placePassing();
  }

  private void placeKept() {
    long base = 0;
    int at = 0;
    for (int i = 0; i < stretches.size(); i++) {
      Slot output = stages.get(stretches.get(i).last()).output();
      long begin = base;
      base = placeStage(List.of(output), base);
      long end = base;
      for (; at <= stretches.get(i).last(); at++) {
        List<Slot> inner = new ArrayList<>(stages.get(at).kept());
        inner.remove(output);
        end = placeStage(inner, end);
        tops[at] = end;
      }
      ceiling = begin; // the output of its last stage comes first
      base = again.contains(i) ? base : end;
    }
    for (; at < stages.size(); at++) {
      base = placeStage(stages.get(at).kept(), base);
      tops[at] = base;
    }
  }

  /** Places what a stage keeps, side by side; what comes last is the net's output. */
  private long placeStage(List<Slot> slots, long base) {
    if (!slots.isEmpty()) {
      ceiling = base;
    }
    long end = base;
    for (Slot slot : slots) {
      end = stack.place(slot, end);
    }
    return end;
  }

  private static long bytes(Slot slot) {
    return Arena.align(slot.layout().bytes());
  }

  /** Returns the bytes of a gradient, 0 for one that nobody asked for. */
  private long bytes(int gradient) {
    return gradient >= 0 && gradient < gradients.size() ? bytes(gradients.get(gradient)) : 0;
  }

  private void placeGradients() {
    int stage = 0;
    for (int i = 0; i < gradients.size(); i++) {
      while (stage < stages.size() - 1 && stages.get(stage).gradients() <= i) {
        stage++;
      }
      long beside = Math.max(Math.max(bytes(i - 1), bytes(i + 1)), passingBeside(i));
      place(gradients.get(i), i % 2, beside, stage);
    }
  }

  /** Returns the most that passes in a stretch that is computed again for this gradient. */
  private long passingBeside(int gradient) {
    long most = 0;
    for (int i = 0; i < stretches.size(); i++) {
      Stretch stretch = stretches.get(i);
      if (again.contains(i) && stages.get(stretch.last()).gradients() == gradient) {
        for (StageSlots stage : stages.subList(stretch.first(), stretch.last() + 1)) {
          for (Slot slot : stage.passing()) {
            most = Math.max(most, bytes(slot));
          }
        }
      }
    }
    return most;
  }

  /**
   * When a stretch is computed again, the gradient of its output lies in one half. So what passes
   * within it has the other.
   */
  private void placePassing() {
    int at = 0;
    for (Stretch stretch : stretches) {
      int gradient = stages.get(stretch.last()).gradients();
      for (; at <= stretch.last(); at++) {
        placePassing(at, gradient);
      }
    }
    for (; at < stages.size(); at++) {
      placePassing(at, stages.get(at).gradients());
    }
  }

  private void placePassing(int stage, int gradient) {
    for (Slot slot : stages.get(stage).passing()) {
      place(slot, (gradient + 1) % 2, bytes(gradient), stage);
    }
  }

  /**
   * Places what lives while a stage runs.
   *
   * @param beside bytes that the other half may need at the same time
   */
  private void place(Slot slot, int half, long beside, int stage) {
    long floor = 0; // the stages around it may still read, or write already, what they keep
    for (int i = Math.max(0, stage - 1); i <= Math.min(stage + 1, stages.size() - 1); i++) {
      floor = Math.max(floor, tops[i]);
    }
    long begin = ceiling - (half == 0 ? 0 : beside) - bytes(slot);
    if (isShared && begin >= floor) {
      stack.place(slot, begin);
    } else {
      halves[half].place(slot, 0);
    }
  }

  long stackBytes() {
    return stack.bytes();
  }

  long gradientBytes() {
    return halves[0].bytes() + halves[1].bytes();
  }

  /** Binds every slot to its tensor; this begins at offset 0 of both arenas. */
  void bind(Arena activations, Arena gradientsArena) {
    stack.bind(activations, 0);
    halves[0].bind(gradientsArena, 0);
    halves[1].bind(gradientsArena, halves[0].bytes());
  }
}
