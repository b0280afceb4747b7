package org.vgg4j.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.LaunchTimes;
import org.vgg4j.tensor.OperationTime;
import org.vgg4j.tensor.Profiler;
import org.vgg4j.tensor.SectionTime;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.StepTime;
import org.vgg4j.tensor.Work;

/**
 * Times launches by events on the stream. What a launch computes, and its bytes, is what the plans
 * say of themselves, which is in the order of the launches.
 */
final class CudaProfiler implements Profiler {
  /** The kernels that only change order or type of values. */
  private static final Set<String> CONVERSIONS =
      Set.of(
          "vgg4j_round_bf16",
          "vgg4j_widen_bf16",
          "vgg4j_rows_to_channels",
          "vgg4j_channels_to_rows");

  private static final String CUDNN = "cuDNN";
  private static final String CUBLAS = "cublasLt";

  private final CudaContext context;
  private final LaunchTimes times;
  private final List<Section> sections = new ArrayList<>();
  private long stepBegin; // in System.nanoTime()

  /** A section: where it begins among the events and the launches. */
  private record Section(StepPart part, String layer, List<Work> work, int event, int launch) {}

  CudaProfiler(CudaContext context) {
    this.context = context;
    times = new LaunchTimes(context);
  }

  @Override
  public void startStep() {
    context.synchronize();
    forgetStep();
    context.times(times);
    stepBegin = System.nanoTime();
  }

  @Override
  public void forgetStep() {
    context.times(null);
    sections.clear();
    times.reset();
  }

  @Override
  public void begin(StepPart part, String layer, List<Work> work) {
    sections.add(new Section(part, layer, work, times.mark(), times.count()));
  }

  @Override
  public void end() {
    if (!sections.isEmpty() && sections.get(sections.size() - 1).part() != null) {
      sections.add(new Section(null, "", List.of(), times.mark(), times.count()));
    }
  }

  @Override
  public StepTime endStep() {
    end();
    context.synchronize();
    double millis = (System.nanoTime() - stepBegin) / 1e6;
    List<SectionTime> timed = new ArrayList<>();
    for (int i = 0; i + 1 < sections.size(); i++) {
      if (sections.get(i).part() != null) { // else what is between two passes
        timed.add(timed(sections.get(i), sections.get(i + 1)));
      }
    }
    forgetStep();
    return new StepTime(millis, timed);
  }

  private SectionTime timed(Section section, Section next) {
    List<LaunchTimes.Launch> launches = times.launches(section.launch(), next.launch());
    Work.Phase phase =
        switch (section.part()) {
          case INPUT, FORWARD, LOSS -> Work.Phase.FORWARD;
          case BACKWARD -> Work.Phase.BACKWARD;
          case UPDATE -> Work.Phase.UPDATE;
        };
    List<Work> works = section.work().stream().filter(w -> w.phase() == phase).toList();
    boolean isKnown = fit(works, launches);
    List<OperationTime> operations = new ArrayList<>();
    for (int i = 0; i < launches.size(); i++) {
      operations.add(operation(launches.get(i), isKnown ? works.get(i) : null));
    }
    double millis = times.millis(section.event(), next.event());
    return new SectionTime(section.part(), section.layer(), millis, operations);
  }

  /**
   * Returns whether works are those of launches: as many, and products wherever libraries compute.
   * A custom kernel may multiply, too.
   */
  private static boolean fit(List<Work> works, List<LaunchTimes.Launch> launches) {
    return works.size() == launches.size()
        && IntStream.range(0, works.size())
            .allMatch(i -> works.get(i).multiplyAdds() > 0 || !isProduct(launches.get(i).what()));
  }

  private static boolean isProduct(String what) {
    return what.startsWith(CUDNN) || what.startsWith(CUBLAS);
  }

  /** Returns what a launch took; {@code work} is null where no plan speaks of it. */
  private OperationTime operation(LaunchTimes.Launch launch, Work work) {
    String what = launch.what();
    String name =
        work == null ? what : what.startsWith(CUDNN) ? "convolution " + work.name() : work.name();
    return new OperationTime(
        name,
        what,
        CONVERSIONS.stream().anyMatch(what::startsWith),
        times.millis(launch.begin(), launch.end()),
        work == null ? 0 : work.bytes(),
        work == null ? 0 : work.multiplyAdds());
  }

  @Override
  public void close() {
    forgetStep();
    times.close();
  }
}
