package org.vgg4j.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * Times the sections of a step with the host's clock, for engines whose calls return when their
 * work is done. An engine that times its operations, too, extends it.
 */
public class HostProfiler implements Profiler {
  private final List<SectionTime> sections = new ArrayList<>();
  private final List<OperationTime> operations = new ArrayList<>(); // of the open section
  private StepPart part; // of the open section, null when none is, as is the layer
  private String layer;
  private long sectionBegin; // in System.nanoTime(), as the next
  private long stepBegin;

  /** Creates a profiler that times no step yet. */
  public HostProfiler() {}

  @Override
  public void startStep() {
    forgetStep();
    stepBegin = System.nanoTime();
  }

  @Override
  public void forgetStep() {
    sections.clear();
    operations.clear();
    part = null;
  }

  @Override
  public final void begin(StepPart nextPart, String nextLayer, List<Work> work) {
    long now = System.nanoTime();
    endSection(now);
    part = nextPart;
    layer = nextLayer;
    sectionBegin = now;
  }

  @Override
  public final void end() {
    endSection(System.nanoTime());
  }

  private void endSection(long now) {
    if (part != null) {
      sections.add(new SectionTime(part, layer, (now - sectionBegin) / 1e6, operations));
    }
    part = null;
    operations.clear();
  }

  /** Adds an operation to the open section; without one it is not counted. */
  protected final void add(OperationTime operation) {
    if (part != null) {
      operations.add(operation);
    }
  }

  @Override
  public final StepTime endStep() {
    long now = System.nanoTime();
    endSection(now);
    StepTime step = new StepTime((now - stepBegin) / 1e6, sections);
    forgetStep();
    return step;
  }

  @Override
  public final void close() {
    forgetStep();
  }
}
