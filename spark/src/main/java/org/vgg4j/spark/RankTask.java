package org.vgg4j.spark;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.BarrierTaskInfo;
import org.apache.spark.SparkEnv;
import org.apache.spark.resource.ResourceInformation;
import org.vgg4j.backend.cuda.NcclRanks;
import org.vgg4j.spark.gloo.Door;
import org.vgg4j.spark.gloo.GlooCollective;
import org.vgg4j.spark.gloo.Meeting;
import org.vgg4j.tensor.InvalidInputException;

/** What a worker does in an attempt: finds the other ranks, then trains with them. */
final class RankTask {
  /**
   * Until the others are there; they have all been started, but libtorch takes its time to load.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private RankTask() {}

  /** Runs on the task's thread, and never throws. */
  static Outcome run(Job job, Journal journal) {
    BarrierTaskContext task = BarrierTaskContext.get();
    int rank = task.partitionId();
    String host = host(task.getTaskInfos()[rank]);
    journal.begin(rank);
    journal.add(
        new Event.Began(rank, host, ProcessHandle.current().pid(), SparkEnv.get().executorId()));
    if (job.oneMachine()) {
      Interrupts.ignore(); // Ctrl-C reaches every process of the terminal; the driver hears it
    }
    try {
      train(job, task, journal);
      return Outcome.done(rank, host, journal.value());
    } catch (Exception | LinkageError | AssertionError | OutOfMemoryError e) {
      return Outcome.of(rank, host, e, journal.value());
    }
  }

  /** Returns the number of the GPU that this task has: Spark's choice, or else one of its own. */
  private static String gpu(BarrierTaskContext task, int gpus) {
    ResourceInformation given = task.resourcesJMap().get("gpu");
    if (given != null && given.addresses().length > 0) {
      return given.addresses()[0];
    }
    List<String> hosts = Arrays.stream(task.getTaskInfos()).map(RankTask::host).toList();
    return OwnGpu.number(hosts, task.partitionId(), gpus);
  }

  private static String host(BarrierTaskInfo task) {
    String address = task.address();
    int colon = address.lastIndexOf(':');
    return colon < 0 ? address : address.substring(0, colon);
  }

  private static void train(Job job, BarrierTaskContext task, Journal journal) throws Exception {
    int rank = task.partitionId();
    int world = task.getTaskInfos().length;
    requireReach(job.network(), task.getTaskInfos());
    String device = job.device();
    int gpus = 0;
    if (device.startsWith("cuda") || device.equals("auto")) {
      // Before libtorch, which would load whatever CUDA it finds.
      gpus = NcclRanks.prepare(job.cudaLibraries().stream().map(Path::of).toList());
    }
    InetAddress address = Network.address(job.network());
    if (rank > 0) {
      Meeting meeting = Meeting.parse(task.allGather("")[0]);
      try (GlooCollective others = GlooCollective.join(meeting, rank, world, address)) {
        train(job, task, gpus, journal, others);
      }
      return;
    }
    try (Door door = new Door(address)) {
      task.allGather(door.meeting().text());
      try (GlooCollective others = GlooCollective.host(door, world, address, PATIENCE)) {
        train(job, task, gpus, journal, others);
      }
    }
  }

  private static void requireReach(String network, BarrierTaskInfo[] tasks) {
    long hosts = Arrays.stream(tasks).map(RankTask::host).distinct().count();
    if (network.equals(Network.LOOPBACK) && hosts > 1) {
      throw InvalidInputException.of(
          "network",
          "must name what lies between the %d machines of the workers: an interface such as eth0, or"
                  .formatted(hosts)
              + " addresses such as 10.1.0.0/16");
    }
  }

  private static void train(
      Job job, BarrierTaskContext task, int gpus, Journal journal, GlooCollective others)
      throws Exception {
    try {
      WorkerRun.train(job, () -> gpu(task, gpus), others, journal, task::isInterrupted);
    } catch (Exception | LinkageError | AssertionError | OutOfMemoryError e) {
      others.abort("rank %d: %s".formatted(others.rank(), Outcome.line(e)));
      throw e;
    }
  }
}
