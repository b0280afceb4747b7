package org.vgg4j.run;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.sets.Split;
import org.vgg4j.evaluation.DataFeed;
import org.vgg4j.evaluation.DataOn;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.train.DataFacts;

/**
 * What a run is made of, and {@code config.json} written from.
 *
 * @param recipe the net and its training
 * @param data the images
 * @param request what finds them again
 * @param followed how the images changed the net, in words; null for not at all
 * @param engine the options that the engine was opened with
 * @param selection the open engine
 * @param dataOn where the images are to lie
 * @param memory how the training fits into its memory
 * @param start where the first weights come from
 * @param sharing how ranks share the training
 */
record RunSetup(
    Recipe recipe,
    RunData data,
    DataRequest request,
    String followed,
    EngineOptions engine,
    Backends.Selection selection,
    DataOn dataOn,
    RunMemory memory,
    StartingWeights start,
    Sharing sharing) {

  /**
   * Opens the engine, reads the images and tunes if the plan says so. The recipe learns what it
   * must know of the training images.
   *
   * @param start where the first weights come from, which must fit the net
   * @param closing owns the engine from then on
   */
  static RunSetup open(
      RunPlan plan,
      RecipeChoice choice,
      PreviousRun previous,
      StartingWeights start,
      Closing closing) {
    if (plan.tune() && plan.collective().world() > 1) {
      throw InvalidInputException.of("tune", "is for a training on one device");
    }
    Recipe early = choice.withoutImages(); // so that what cannot be is said before all else
    Map<String, Object> now = new HashMap<>(previous.config());
    now.putAll(plan.settings());
    EngineOptions engine =
        EngineSettings.options(
            plan.settings(), plan.cudaLibraries(), previous.config(), previous.choices());
    // Before the data, which may have to travel: a device that is not there is said at once.
    Backends.Selection selection = open(engine, closing);
    DataOn dataOn = dataOn(plan, now, selection.backend());
    String asked = RunData.from(plan.settings());
    String from = asked != null ? asked : Settings.DATA_FROM.find(previous.config());
    Split split = split(now, previous, early);
    DataRequest request =
        new DataRequest(
            from,
            split,
            DataSettings.pictures(now, choice.sized(early)),
            set -> recipe(choice, previous, ImageTraits.of(set), set.name(), set.classNames()));
    RunData found = plan.data().apply(request).limited(now);
    ImageTraits traits = ImageTraits.of(found);
    List<String> classes = found.train().classNames();
    Recipe recipe = recipe(choice, previous, traits, found.train().name(), classes);
    RunData data = found.forChannels(recipe.net().channels());
    Recipe known = known(recipe, data, plan);
    if (plan.tune() && previous.isNone()) {
      closing.close();
      String name = selection.backend().name();
      engine =
          EngineTuner.fastest(known, data.train(), engine, name, plan.settings(), plan.report());
      selection = open(engine, closing);
    }
    Sharing sharing = new Sharing(plan.collective(), syncBatchNorm(now, known));
    RunMemory memory = memory(plan, known, previous, data, dataOn, selection.backend(), sharing);
    return new RunSetup(
        known,
        data,
        new DataRequest(
            from == null ? data.from() : from, split, request.pictures(), request.check()),
        previous.isNone() ? choice.line(traits) : null,
        engine,
        selection,
        dataOn,
        memory,
        start,
        sharing);
  }

  private static boolean syncBatchNorm(Map<String, ?> now, Recipe recipe) {
    boolean isAsked = Boolean.TRUE.equals(RankSettings.SYNC_BATCH_NORM.find(now));
    if (isAsked && !recipe.net().batchNorm()) {
      throw InvalidInputException.of(
          RankSettings.SYNC_BATCH_NORM.key(), "is for a net with batch norms");
    }
    return isAsked;
  }

  /** Returns the recipe for images, which a new run's net follows; refuses what does not fit. */
  private static Recipe recipe(
      RecipeChoice choice,
      PreviousRun previous,
      ImageTraits images,
      String name,
      List<String> classNames) {
    Recipe recipe = choice.with(previous.isNone() ? images : null); // a run has its net
    Evaluator.requireClasses(recipe.net(), name, classNames);
    int channels = recipe.net().channels();
    if (images.pictures() && channels != 1 && channels != 3) {
      throw InvalidInputException.of("channels", "must be 1 or 3 for pictures, not " + channels);
    }
    return recipe;
  }

  /** A resumed run holds out the same images, whatever its seed is now. */
  private static Split split(Map<String, ?> now, PreviousRun previous, Recipe recipe) {
    Double share = DataSettings.SPLIT.find(now);
    Long seed = DataSettings.SPLIT_SEED.find(previous.config());
    return share == null ? null : new Split(share, seed == null ? recipe.training().seed() : seed);
  }

  /** Returns a recipe with what it must know of the training images, and says what is counted. */
  private static Recipe known(Recipe recipe, RunData data, RunPlan plan) {
    if (recipe.lacksStatistics()) {
      plan.report().accept("measuring the colours of %d images".formatted(data.train().size()));
    }
    return recipe.measured(data.train());
  }

  /** Chooses the way to train; images that are to lie on the device have their room first. */
  private static RunMemory memory(
      RunPlan plan,
      Recipe recipe,
      PreviousRun previous,
      RunData data,
      DataOn dataOn,
      Backend backend,
      Sharing sharing) {
    long reserved =
        dataOn == DataOn.DEVICE
            ? DataFeed.bytesOrZero(data.train()) + DataFeed.bytesOrZero(data.test())
            : 0;
    int images = data.train().size();
    Map<String, String> given = plan.settings();
    Map<String, ?> before = previous.config();
    try {
      return RunMemory.choose(recipe, images, backend, given, before, reserved, sharing);
    } catch (OutOfDeviceMemoryException e) {
      if (reserved == 0) {
        throw e;
      }
      long training =
          RunMemory.choose(recipe, images, backend, given, before, 0, sharing).choice().bytes();
      requireRoom(data, training, backend);
      throw e;
    }
  }

  private static void requireRoom(RunData data, long trainingBytes, Backend backend) {
    DataFeed.require(DataFeed.refusal(data.train(), trainingBytes, backend));
    long taken = trainingBytes + DataFeed.bytes(data.train());
    DataFeed.require(DataFeed.refusal(data.test(), taken, backend));
  }

  /** Returns where the images are to lie, which on another engine than the GPU's is the host. */
  private static DataOn dataOn(RunPlan plan, Map<String, ?> now, Backend backend) {
    String name = DataSettings.DATA_ON.find(now);
    DataOn wanted =
        name == null ? DataOn.AUTO : Choice.of(DataSettings.DATA_ON.key(), DataOn.class, name);
    if (backend.name().equals("cuda")) {
      return wanted;
    }
    String device = DeviceSettings.DEVICE.find(now);
    boolean isGiven = plan.settings().containsKey(DataSettings.DATA_ON.key());
    EngineSettings.refuse(
        isGiven && wanted == DataOn.DEVICE && EngineSettings.isOnHost(device),
        DataSettings.DATA_ON.key(),
        device);
    return DataOn.AUTO;
  }

  /**
   * Refuses images that are to lie in the engine's memory and have no room there.
   *
   * @param trainingBytes what the training takes beside them
   */
  void requireRoomForData(long trainingBytes) {
    if (dataOn == DataOn.DEVICE) {
      requireRoom(data, trainingBytes, backend());
    }
  }

  private static Backends.Selection open(EngineOptions engine, Closing closing) {
    Backends.Selection selection = Backends.open(engine);
    closing.own(selection.backend());
    return selection;
  }

  /** Returns what finds the images again, null for a search. */
  String dataFrom() {
    return request.from();
  }

  /** Returns what was held out of the images, null for nothing. */
  Split split() {
    return request.split();
  }

  Backend backend() {
    return selection.backend();
  }

  /** Returns the recipe with its batches split as memory demands. */
  Recipe divided() {
    return recipe.withSplit(memory.choice().split());
  }

  /** Plans the net in the way that was chosen, for a rank's share. */
  NetworkPlan plan() {
    Recomputation again = memory.choice().way().recomputation();
    return divided().plan(data.train().size(), backend(), again, sharing);
  }

  Integer ranksOrNull() {
    int world = sharing.ranks().world();
    return world == 1 ? null : (Integer) world;
  }

  /** Returns what all ranks must have in common, in words. */
  Map<String, String> facts() {
    Map<String, String> facts = new TreeMap<>();
    Settings.flat(recipe.toMap()).forEach((key, value) -> facts.put(key, String.valueOf(value)));
    facts.put(RankSettings.SYNC_BATCH_NORM.key(), String.valueOf(sharing.syncBatchNorm()));
    facts.put("engine", backend().name());
    facts.put(DeviceSettings.PRECISION.key(), String.valueOf(engine.precision()));
    facts.put("passes of a batch (choose --memory alike)", "" + memory.choice().split());
    facts.put(DataSettings.SPLIT.key(), String.valueOf(split()));
    facts.putAll(DataFacts.of("training", data.train()));
    facts.putAll(DataFacts.of("test", data.test()));
    return facts;
  }

  /** Returns the device as it is asked for: cuda:1 where that was asked for. */
  String device() {
    String name = backend().name();
    return engine.device().startsWith(name + ":") ? engine.device() : name;
  }

  /** Returns what only the GPU has, null for another engine. */
  <T> T onGpu(Function<EngineOptions, T> value) {
    return backend().name().equals("cuda") ? value.apply(engine) : null;
  }

  /** Returns what the engine chose by timing, null for nothing. */
  Map<String, String> choices() {
    return backend().choices().isEmpty() ? null : new TreeMap<>(backend().choices());
  }
}
