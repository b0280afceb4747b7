package org.vgg4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.Backends;
import org.vgg4j.collective.Agreement;
import org.vgg4j.collective.Collective;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.NormSums;
import org.vgg4j.nn.Vgg;
import org.vgg4j.profile.CeilingMeasurement;
import org.vgg4j.profile.Ceilings;
import org.vgg4j.profile.Profile;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.train.DataParallel;
import org.vgg4j.train.DivergedException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.Trainer;
import org.vgg4j.train.TrainingListener;
import org.vgg4j.train.TrainingOptions;
import org.vgg4j.train.TrainingState;

/**
 * A training in a folder that holds all of it: the configuration, a model and metrics after each
 * epoch, and checkpoints from which another process goes on to the same bits. It is what {@code
 * ./vgg train} runs.
 *
 * <p>A run belongs to the thread that opens it; only {@link #stop} may be called from another.
 */
public final class TrainingRun implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  /** So many owners of memory are named at the end; the debug log names all. */
  private static final int LARGEST_OWNERS = 3;

  private final RunPlan plan;
  private PreviousRun previous; // until its checkpoint is restored, which is large
  private final Recipe recipe;
  private final RunDirectory run;
  private final CheckpointStore store;
  private final RunSetup setup; // null when the run is finished already
  private final NetworkPlan planned;
  private final List<String> starting; // what is to be said of the first weights
  private final Map<String, Object> config;
  private final Closing closing = new Closing();
  private volatile Trainer trainer;
  private RunProfile profile; // null unless it was asked for, and on ranks other than 0
  private int profiled; // steps that rank 0 times, 0 for none
  private volatile boolean stopping;

  private TrainingRun(RunPlan plan, PreviousRun previous, Supplier<RunDirectory> folder)
      throws IOException {
    this.plan = plan;
    this.previous = previous;
    Collective ranks = plan.collective();
    if (previous.folder() != null) {
      closing.own(previous.folder());
    }
    boolean isAgreed = false;
    try {
      StartingWeights start =
          previous.isNone()
              ? StartingWeights.of(plan.settings())
              : StartingWeights.recorded(previous.config());
      RecipeChoice choice =
          previous.isNone()
              ? RecipeChoice.of(plan.recipe(), plan.settings(), start)
              : RecipeChoice.of(previous.recipe(), plan.settings(), StartingWeights.NONE);
      TrainingState state = previous.state();
      if (state != null && state.epoch() > choice.withoutImages().training().epochs()) {
        recipe = choice.with(null);
        run = previous.folder();
        store = previous.store();
        config = previous.config();
        setup = null;
        planned = null;
        starting = null;
        return;
      }
      setup = RunSetup.open(plan, choice, previous, start, closing);
      recipe = setup.recipe();
      starting = state == null ? start.lines(recipe.net()) : List.of();
      planned = closing.own(setup.plan());
      long bytes = setup.divided().trainingBytes(planned.memoryPlan());
      MemoryPlan.requireFits(bytes, setup.backend());
      setup.requireRoomForData(bytes);
      config = Settings.config(setup);
      Map<String, String> facts = ranks.world() == 1 ? Map.of() : setup.facts();
      isAgreed = true;
      Agreement.require(ranks, facts);
      if (!previous.isNone()) {
        previous.requireSame(config, setup.engine().choices(), plan);
      }
      run = SharedFolder.begin(ranks, previous, folder, config, closing);
      store =
          !previous.isNone() || run == null
              ? previous.store()
              : new CheckpointStore(run.checkpoints(), plan.checkpoints().keep(), run.files());
    } catch (IOException | RuntimeException | Error e) {
      closing.abandon(e);
      if (!isAgreed) {
        Agreement.refuse(ranks, e);
      }
      throw e;
    }
  }

  /**
   * Prepares a new run: opens the engine, reads the images, plans the net and writes the
   * configuration. Whatever is refused, the folder is left as it was.
   *
   * @param folder is made when it is not there
   * @throws InvalidInputException when a setting or the images cannot be used, or the folder holds
   *     a run already, belongs to one that is going on, or cannot be written
   * @throws DeviceUnavailableException when the device is not there; no images were looked for
   * @throws OutOfDeviceMemoryException when the device has too little memory
   * @throws IOException when the configuration cannot be written
   */
  public static TrainingRun create(RunPlan plan, Path folder) throws IOException {
    return new TrainingRun(
        plan.ofItsRank(), PreviousRun.NONE, () -> RunDirectory.create(folder, plan.report()));
  }

  /**
   * Prepares a new run as {@link #create} does, in a new folder named after the time.
   *
   * @param parent the folder of that folder; is made when it is not there
   */
  public static TrainingRun createIn(RunPlan plan, Path parent) throws IOException {
    return new TrainingRun(
        plan.ofItsRank(), PreviousRun.NONE, () -> RunDirectory.createIn(parent, plan.report()));
  }

  /** Goes on with a run as {@link #resume(Path, RunPlan)} does, with every default of a plan. */
  public static TrainingRun resume(Path folder, Map<String, String> overrides) throws IOException {
    return resume(folder, RunPlan.of(overrides));
  }

  /**
   * Goes on with a run from its newest valid checkpoint; a broken one is reported and passed over.
   * The run keeps its settings but those that the plan names.
   *
   * @param plan its settings change the run; its recipe and {@code tune} are not read
   * @throws InvalidInputException when the folder holds no run or one that is going on, every
   *     checkpoint is broken, there is a model or metrics and no checkpoint, or something differs
   *     from the run that no setting asks for or that cannot change any more
   * @throws DeviceUnavailableException when the run's device is not there
   * @throws OutOfDeviceMemoryException when the device has too little memory
   * @throws IOException when a file cannot be read or written
   */
  public static TrainingRun resume(Path folder, RunPlan plan) throws IOException {
    StartSettings.requireNone(plan.settings());
    RunPlan own = plan.ofItsRank();
    PreviousRun previous = PreviousRun.open(folder, own);
    return new TrainingRun(own, previous, previous::folder);
  }

  /**
   * Trains what is left of the run, once; a run that is finished only says so. What is to be told
   * goes to the plan's report, from the engine and the folder at the beginning.
   *
   * @param listener hears of the progress, on this thread
   * @return the metrics of the last finished epoch; null when the run was stopped before one was
   *     finished
   * @throws DivergedException when the loss or a weight is not finite and the run may not go back
   * @throws DeviceLostException when the device fails; the last checkpoint was reported
   * @throws OutOfDeviceMemoryException when the memory is not there any more
   * @throws IOException when the end of the training cannot be written
   */
  public EpochMetrics fit(TrainingListener listener) throws IOException {
    if (setup == null) {
      List<EpochMetrics> finished = previous.state().finished();
      report(
          "%s is finished: it has its %d epochs; there is nothing to resume"
              .formatted(folder(), recipe.training().epochs()));
      return finished.get(finished.size() - 1);
    }
    boolean isAsBefore =
        !previous.isNone() && !plan.settings().containsKey(DeviceSettings.DEVICE.key());
    report(
        "%s (%s)"
            .formatted(
                setup.backend().description(),
                isAsBefore ? "as the run before" : setup.selection().reason()));
    report("run folder: " + folder());
    if (plan.collective().world() > 1) {
      report("ranks: " + plan.collective().description());
    }
    if (setup.followed() != null) {
      report(setup.followed());
    }
    if (!recipe.preprocessing().isDefault()) {
      report("images: " + recipe.preprocessing());
    }
    setup.memory().lines(recipe).forEach(this::report);
    expectMemory();
    recipe.training().updates().texts().forEach(this::report);
    // Before the net takes its memory, of which a measurement wants a part.
    Ceilings ceilings = profile == null ? null : CeilingMeasurement.of(setup.backend());
    Vgg vgg = closing.own(new Vgg(recipe.net(), planned.allocate()));
    Collective ranks = ranks(vgg);
    trainer =
        closing.own(
            new Trainer(
                vgg,
                recipe.preprocessing(),
                recipe.newOptimizer(),
                setup.divided().training(),
                setup.dataOn(),
                setup.memory().room(),
                DataParallel.of(ranks)));
    if (stopping) {
      trainer.stop();
    }
    if (profiled > 0) {
      TrainingOptions options = recipe.training();
      int ofStep = options.batchSize() * options.accumulate();
      int images = Math.min(ofStep, setup.data().train().size());
      if (profile != null) {
        profile.begin(trainer, setup.backend().description(), images, ceilings);
      } else { // the same steps are run call by call as on rank 0
        trainer.profile(RunProfile.request(profiled, images, (first, last, times) -> {}));
      }
    }
    TrainingState from = restore();
    boolean isStart = from == null && !setup.start().isNone();
    if (isStart) {
      setup.start().into(vgg);
      starting.forEach(this::report);
    }
    RunData data = setup.data();
    Supplier<Checkpointer.Contents> contents =
        () ->
            new Checkpointer.Contents(
                recipe.net(), recipe.preprocessing(), data.test().classNames(), configNow());
    CheckpointPolicy policy = plan.checkpoints();
    try (Checkpointer checkpointer =
        new Checkpointer(
            trainer,
            plan.collective(),
            run,
            store,
            contents,
            policy.interval(),
            from,
            plan.report())) {
      if (isStart) {
        checkpointer.saveStart();
      }
      TrainingListener all =
          TrainingListener.all(
              DataLine.listener(setup, plan.report()),
              new BusyNeighbour(
                  setup.backend().threads(),
                  Runtime.getRuntime().availableProcessors(),
                  ProcessorUse::now,
                  plan.report()),
              listener);
      EpochMetrics last = checkpointer.fit(policy.onNan(), data.train(), data.test(), all);
      if (profile != null) {
        profile.ended();
      }
      MemoryUse memory = setup.backend().memory();
      report("memory at peak: " + memory.peakLine(LARGEST_OWNERS) + MemoryReport.processPeak());
      LOG.debug("Memory by owner, each at its own peak: {}", memory.peaks());
      return last;
    } catch (DeviceLostException e) {
      Checkpoint last = store == null ? null : store.newest();
      report(
          last == null
              ? "the GPU was lost before the first checkpoint"
              : "the last checkpoint is %s: %s".formatted(last.model(), last.state().place()));
      throw e;
    }
  }

  /** Returns what adds up, by which the net's norms add up too. */
  private Collective ranks(Vgg vgg) {
    Collective host = plan.collective();
    Collective all = Backends.ranks(setup.backend(), host, plan.cudaLibraries());
    if (all != host) {
      closing.own(all);
    }
    NormSums norms = vgg.network().options().normSums();
    if (norms != null) {
      norms.through(all);
    }
    return all;
  }

  /** Returns the configuration with what the engine has chosen by now. */
  private Map<String, Object> configNow() {
    Map<String, Object> now = new LinkedHashMap<>(config);
    if (setup.choices() != null) {
      Settings.CHOICES.write(setup, now);
    }
    return now;
  }

  /**
   * Makes {@link #fit} time some steps, after {@value RunProfile#WARM_UP_STEPS} that warm up, and
   * write what they took into the folder: profile.txt, profile.json and profile.svg. All ranks call
   * it; rank 0 has the profile.
   *
   * @param steps how many, at least 1
   * @param taker takes the profile as soon as it is written, on the training thread
   * @throws InvalidInputException when the number is too small
   */
  public void profile(int steps, Consumer<Profile> taker) {
    InvalidInputException.requireAtLeast(1, "profile", steps);
    profiled = steps;
    if (plan.collective().rank() == 0) { // which has the folder
      profile = new RunProfile(steps, taker, run, plan.report());
    }
  }

  /** Puts the trainer and the metrics to where the run stood, which is null at the beginning. */
  private TrainingState restore() throws IOException {
    TrainingState state = previous.state();
    if (state != null) {
      trainer.restore(previous.newest().snapshot());
      if (run != null) {
        Leftovers.keep(run, store, state, plan.report());
        run.writeMetrics(state.finished());
      }
      report("resuming from " + previous.newest().checkpoint().label() + ": " + state.place());
    } else if (!previous.isNone()) {
      report("there is no checkpoint yet: starting at the beginning");
    }
    previous = null;
    return state;
  }

  /** Says what the whole process will hold; the net's memory is not taken yet. */
  private void expectMemory() {
    Recipe divided = setup.divided();
    MemoryPlan memory = planned.memoryPlan();
    String line =
        MemoryReport.ofProcess(
            divided.trainingBytes(memory),
            ProcessMemory.ofTraining(
                divided, memory, setup.data().train().size(), setup.backend()));
    if (line != null) {
      report(line);
    }
  }

  private void report(String line) {
    plan.report().accept(line);
  }

  /**
   * Asks {@link #fit} to write a checkpoint after the present step and return; from any thread,
   * before or while it trains.
   */
  public void stop() {
    stopping = true;
    if (trainer != null) {
      trainer.stop();
    }
  }

  /** Returns the net and its training. */
  public Recipe recipe() {
    return recipe;
  }

  /** Returns the run's folder; null on ranks other than 0. */
  public Path folder() {
    return run == null ? null : run.folder();
  }

  /**
   * Returns the file of the net after the last whole epoch; it is not there before the first. Null
   * on ranks other than 0.
   */
  public Path model() {
    return run == null ? null : run.model();
  }

  /** Releases the net, the engine and the folder. */
  @Override
  public void close() {
    closing.close();
  }
}
