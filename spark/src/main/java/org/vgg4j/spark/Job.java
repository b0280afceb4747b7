package org.vgg4j.spark;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What every worker is told: text only, so that it can be sent.
 *
 * @param settings of the training, key to text
 * @param folder of the run
 * @param resumes whether the run must be there already
 * @param isFirst whether it is tried for the first time, when a new run must not be there
 * @param cudaLibraries folders to look for CUDA's libraries in
 * @param checkpointSteps every so many steps, 0 for none
 * @param checkpointSeconds every so many seconds, 0 for none
 * @param keepCheckpoints how many to keep
 * @param onNan what happens when the training diverges
 * @param profile the number of steps of rank 0 to time, 0 for none
 * @param network between the workers, as {@link Network} reads it
 * @param oneMachine whether the workers are processes of the driver's own machine
 */
record Job(
    HashMap<String, String> settings,
    String folder,
    boolean resumes,
    boolean isFirst,
    List<String> cudaLibraries,
    long checkpointSteps,
    long checkpointSeconds,
    int keepCheckpoints,
    String onNan,
    int profile,
    String network,
    boolean oneMachine)
    implements Serializable {
  /** Returns the device that was asked for. */
  String device() {
    return settings.getOrDefault("device", "auto");
  }

  /** Returns the settings with which a run goes on: what it was started with it knows. */
  Map<String, String> settingsToGoOn() {
    String device = settings.get("device"); // the run knows the engine, but not which GPU
    return resumes ? settings : device == null ? Map.of() : Map.of("device", device);
  }
}
