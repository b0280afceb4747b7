package org.vgg4j;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.LocalCollective;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.decoding.PictureFiles;
import org.vgg4j.evaluation.Classifier;
import org.vgg4j.model.ModelFile;
import org.vgg4j.nn.ConvBlock;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.report.LineChart;
import org.vgg4j.report.Page;
import org.vgg4j.report.RunReport;
import org.vgg4j.report.Table;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.RunRecord;
import org.vgg4j.run.TrainingRun;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** The code of docs/embedding.md, section by section. */
final class EmbeddingExample {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingExample.class);

  private EmbeddingExample() {}

  static float[] tensor(EngineOptions device) {
    // begin tensor
    try (Backend engine = Backends.open(device).backend()) {
      Layout layout = engine.plainLayout(Shape.of(2, 3), engine.types().activation());
      try (Arena arena = engine.allocate(Arena.align(layout.bytes()))) {
        Tensor tensor = arena.tensor(0, layout);
        tensor.upload(new float[] {1, 2, 3, 4, 5, 6});
        float[] back = new float[6];
        tensor.download(back);
        return back;
      }
    }
    // end tensor
  }

  static long memory(EngineOptions device) {
    // begin memory
    try (Backend engine = Backends.open(device).backend();
        Arena features = engine.allocate(1 << 20, "my features")) {
      MemoryUse use = engine.memory();
      use.owners().forEach(owner -> LOG.debug("{}: {} bytes", owner.name(), owner.bytes()));
      LOG.debug("{} of {} bytes are my features", features.bytes(), use.device().bytes());
      return use.bytes("my features", MemorySpace.DEVICE);
    }
    // end memory
  }

  static float[] convolution(EngineOptions device) {
    // begin convolution
    try (Backend engine = Backends.open(device).backend()) {
      Conv2dSpec spec =
          new Conv2dSpec(1, 1, 3, 1, true, false); // C, K, kernel, padding, bias, ReLU
      Layout x = engine.plainLayout(Shape.of(1, 1, 4, 4), engine.types().activation());
      Layout b = engine.plainLayout(spec.b(), engine.types().master());
      try (WeightedPlan plan = engine.conv2d(spec, x, null, Usage.TRAINING);
          Arena arena = engine.allocate(4 * Arena.align(Math.max(x.bytes(), plan.y().bytes())))) {
        long step = arena.bytes() / 4;
        Tensor input = arena.tensor(0, x);
        Tensor weights = arena.tensor(step, plan.w());
        Tensor bias = arena.tensor(2 * step, b);
        Tensor output = arena.tensor(3 * step, plan.y());
        float[] ones = new float[16];
        Arrays.fill(ones, 1);
        input.upload(ones);
        weights.upload(Arrays.copyOf(ones, 9));
        bias.upload(new float[] {0.5f});
        plan.forward(input, weights, bias, output);
        float[] y = new float[16];
        output.download(y); // 4.5 in the corners, 6.5 at the edges, 9.5 inside
        return y;
      }
    }
    // end convolution
  }

  static Shape block(EngineOptions device) {
    // begin block
    ConvBlockSpec spec =
        new ConvBlockSpec(
            new Conv2dSpec(3, 8, 3, 1, false, false),
            BatchNorm2dSpec.of(8, true),
            new MaxPool2dSpec(2, 2));
    try (Backend engine = Backends.open(device).backend();
        Network net =
            Network.build(
                () -> new ConvBlock(spec, "conv", "norm", Initialization.KAIMING),
                Shape.of(3, 8, 8),
                NetworkOptions.training(4),
                engine)) {
      Tensor x = net.input(4); // (4, 3, 8, 8)
      x.upload(new float[4 * 3 * 8 * 8]);
      Tensor y = net.forward(x, true); // (4, 8, 4, 4)
      Tensor dy = net.outputGradient(4);
      dy.upload(new float[4 * 8 * 4 * 4]);
      net.backward(dy); // every parameter's gradient() is written
      return y.shape();
    }
    // end block
  }

  static double adam(EngineOptions device) {
    // begin adam
    ConvBlockSpec spec = new ConvBlockSpec(new Conv2dSpec(1, 2, 3, 1, true, false), null, null);
    try (Backend engine = Backends.open(device).backend();
        Network net =
            Network.build(
                () -> new ConvBlock(spec, "conv", "norm", Initialization.KAIMING),
                Shape.of(1, 4, 4),
                NetworkOptions.training(2),
                engine);
        AttachedOptimizer adam = new Adam().attach(net)) {
      Tensor bias = net.parameters().get(1).value(); // (2), zeros
      net.parameters().get(1).gradient().upload(new float[] {1, -1});
      net.stepState().set(0, 0, 1e-3); // updates made, forward passes made, learning rate
      adam.step();
      double[] moved = new double[2];
      bias.download(moved); // the first step moves by the learning rate: -0.001, 0.001
      return moved[0];
    }
    // end adam
  }

  static EpochMetrics run(ImageSource train, ImageSource test, Path folder, Logger log)
      throws IOException {
    // begin run
    RunPlan plan =
        RunPlan.of(Map.of("arch", "vgg11", "width", "1/8", "epochs", "1", "device", "cpu"))
            .withData(new RunData("clothes", train, test)) // without it: Fashion-MNIST
            .withReport(log::info);
    try (TrainingRun run = TrainingRun.create(plan, folder)) {
      run.fit(new TrainingListener() {});
    }
    // Later, in the same process or another: two epochs more.
    RunPlan longer =
        RunPlan.of(Map.of("epochs", "3")).withData(new RunData("clothes", train, test));
    try (TrainingRun run = TrainingRun.resume(folder, longer)) {
      return run.fit(new TrainingListener() {});
    }
    // end run
  }

  static EpochMetrics ranks(ImageSource train, ImageSource test, Path folder) throws Exception {
    // begin ranks
    List<Collective> ranks = LocalCollective.of(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    List<Future<EpochMetrics>> running = new ArrayList<>();
    for (Collective rank : ranks) {
      Callable<EpochMetrics> own =
          () -> {
            RunPlan plan =
                RunPlan.of(Map.of("arch", "vgg11", "width", "1/8", "epochs", "1", "device", "cpu"))
                    .withData(new RunData("clothes", train, test))
                    .withCollective(rank);
            try (rank;
                TrainingRun run = TrainingRun.create(plan, folder)) { // of which rank 0 has it
              return run.fit(new TrainingListener() {});
            }
          };
      running.add(threads.submit(own));
    }
    EpochMetrics last = running.get(0).get(); // the same on every rank
    threads.shutdown();
    return last;
    // end ranks
  }

  static void report(ImageSource train, ImageSource test, Path folder) throws IOException {
    // begin report
    RunRecord run = RunRecord.read(folder);
    RunReport report = new RunReport(run);
    try (Backend engine = Backends.open("cpu").backend()) {
      RunData images = run.images(new RunData("clothes", train, test)); // null leaves them out
      report.measure(images, engine, done -> {});
    }
    report.page().write(folder.resolve(RunReport.FILE));
    // A page of your own:
    List<Double> losses = run.epochs().stream().map(EpochMetrics::trainLoss).toList();
    new Page("Losses")
        .section("By epoch")
        .paragraph("The mean over the training images.")
        .add(new LineChart("Loss", "epoch", List.of(LineChart.Series.of("training", losses))))
        .add(new Table(List.of("epochs"), List.of(List.of("" + losses.size()))))
        .write(folder.resolve("losses.html"));
    // end report
  }

  static List<List<Classifier.Answer>> classify(Path model, List<Path> files, EngineOptions device)
      throws IOException {
    // begin classify
    try (Backend engine = Backends.open(device).backend();
        ModelFile.Loaded loaded = ModelFile.load(model, NetworkOptions.inference(16), engine)) {
      loaded.notes().forEach(LOG::info); // what was translated, left alone or assumed
      PictureFiles pictures = new PictureFiles(files, loaded.preprocessing());
      return Classifier.top(loaded.vgg(), loaded.preprocessing(), loaded.classNames(), pictures, 5);
    }
    // end classify
  }

  static Vgg forOtherClasses(Path model, VggConfig trained, Backend engine) throws IOException {
    // begin part
    VggConfig config = trained.toBuilder().classes(5).dropout(0.2).build();
    Vgg vgg = Vgg.build(config, 32, engine); // batches of 32, Kaiming's initialization
    ModelFile.read(model, name -> !name.startsWith("classifier.6."), vgg);
    return vgg;
    // end part
  }

  static double[] logits(Vgg trained, float[] image) {
    // begin inference
    try (Vgg fast = Vgg.forInference(trained, 1, 16)) { // for batches of 1 and of 16
      Execution one = fast.network().execution(1);
      one.input().upload(image); // (1, C, H, W), preprocessed
      double[] logits = new double[fast.config().classes()];
      one.forward(false).download(logits);
      return logits;
    }
    // end inference
  }

  /** Returns the names of the sections, in the order of the page. */
  static List<String> sections() {
    return List.of(
        "tensor",
        "memory",
        "convolution",
        "block",
        "adam",
        "run",
        "ranks",
        "report",
        "classify",
        "part",
        "inference");
  }
}
