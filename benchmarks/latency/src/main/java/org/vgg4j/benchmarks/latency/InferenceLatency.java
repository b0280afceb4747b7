package org.vgg4j.benchmarks.latency;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;

/** The time from an image in the net's input to its logits in an array, one image at a time. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 3, time = 5)
@Fork(
    value = 1,
    jvmArgsAppend = {"-XX:+UseSerialGC", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"})
public class InferenceLatency {
  /** fp32 or bf16. */
  @Param({"fp32", "bf16"})
  public String precision;

  /** Architecture, width and image size of a net with batch norm. */
  @Param({"vgg16 1 224", "vgg16 1/4 32", "vgg11 1/8 32"})
  public String net;

  private Backend backend;
  private Vgg vgg;
  private Execution execution;
  private double[] logits;

  /** Builds the net. */
  @Setup
  public void build() {
    String[] parts = net.split(" ");
    VggConfig config =
        VggConfig.builder()
            .arch(parts[0])
            .width(Width.parse(parts[1]))
            .imageSize(Integer.parseInt(parts[2]))
            .channels(1)
            .classes(10)
            .build();
    backend = Backends.open(EngineOptions.builder("cpu").precision(precision).build()).backend();
    try (Vgg trained = Vgg.build(config, 1, backend)) {
      vgg = Vgg.forInference(trained, 1);
    }
    execution = vgg.network().execution(1);
    long key = CounterRandom.key(1, 2, 3);
    execution.input().fill(i -> CounterRandom.uniform(key, i));
    logits = new double[config.classes()];
  }

  /** Answers. */
  @Benchmark
  public double[] answer() {
    execution.forward(false).download(logits);
    return logits;
  }

  /** Closes all. */
  @TearDown
  public void close() {
    vgg.close();
    backend.close();
  }
}
