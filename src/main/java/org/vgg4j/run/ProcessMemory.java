package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;

/**
 * The main memory of this process: what it holds, and what it will hold at most. A plan counts what
 * an engine takes; beside it a process has the JVM with its heap, its libraries and the images,
 * which are there when the net is planned, and what only comes with the work.
 */
public final class ProcessMemory {
  /** Batches that are prepared ahead, and the one in use. */
  private static final int BATCHES = 3;

  /**
   * What the work adds: code that Java and oneDNN compile, oneDNN's descriptors, stacks of threads,
   * and objects that die young. With the options that {@code ./vgg} gives Java, these are 3 to 5 MB
   * after a step and 15 to 20 after thousands of a small net.
   */
  private static final long WORK = 14L << 20;

  /** What an epoch adds, as Java compiles the code of evaluations and files. */
  private static final long EPOCH = 1L << 20;

  /** How many epochs add that, as seen in trainings of 1 to 30. */
  private static final int EPOCHS = 8;

  /** The share of what lives on the heap that {@code ./vgg} has Java keep free beside it. */
  private static final long ROOM = 8;

  private ProcessMemory() {}

  /** Returns the bytes that the process holds now; 0 where the system does not say it. */
  public static long held() {
    return status("VmRSS:");
  }

  /** Returns the most bytes that it ever held; 0 where the system does not say it. */
  public static long peak() {
    return status("VmHWM:");
  }

  /**
   * Returns about how many bytes the process will hold at most while steps of a training run. It is
   * asked when the images are there, and the memory of the plan is not taken yet. Freed memory goes
   * back to the system first, so that it does not count.
   *
   * @param images of an epoch, whose order is on the Java heap
   * @return 0 where the system does not say what the process holds, or another memory than the
   *     process's is planned
   */
  public static long ofSteps(Recipe recipe, MemoryPlan plan, long images, Backend backend) {
    long order = Integer.BYTES * images;
    return with(recipe.trainingBytes(plan) + BATCHES * batchBytes(recipe) + order, backend);
  }

  /**
   * Returns the same for a whole training, whose checkpoints are copied onto the Java heap before
   * they are written.
   *
   * @param images of an epoch, 0 where they are not known
   */
  public static long ofTraining(Recipe recipe, MemoryPlan plan, long images, Backend backend) {
    long copy = plan.parameters() + plan.trained() * recipe.stateSlabs();
    Runtime java = Runtime.getRuntime();
    long room = (java.totalMemory() - java.freeMemory() + copy) / ROOM;
    long files = EPOCH * Math.min(recipe.training().epochs(), EPOCHS);
    long test = BATCHES * batchBytes(recipe); // there while the next epoch's are prepared
    long steps = ofSteps(recipe, plan, images, backend);
    return steps == 0 ? 0 : steps + test + copy + room + files + recipe.averageBytes(plan);
  }

  /** Returns the same for a net for inference, whose images lie in its input. */
  static long ofInference(MemoryPlan plan, Backend backend) {
    return with(plan.totalBytes(0), backend);
  }

  private static long with(long bytes, Backend backend) {
    if (!backend.name().equals("cpu")) {
      return 0;
    }
    backend.trimMemory();
    long held = held();
    return held == 0 ? 0 : held + bytes + WORK;
  }

  private static long batchBytes(Recipe recipe) {
    int side = recipe.net().imageSize();
    int images = recipe.training().batchSize();
    return Float.BYTES * Shape.of(images, recipe.net().channels(), side, side).elementCount();
  }

  private static long status(String name) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith(name)) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10; // kB
        }
      }
      return 0;
    } catch (IOException e) {
      return 0; // another system
    }
  }
}
