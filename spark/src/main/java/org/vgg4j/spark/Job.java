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
    String network,
    boolean oneMachine)
    implements Serializable {
  /** Returns the settings with which a run goes on: what it was started with it knows. */
  Map<String, String> settingsToGoOn() {
    return resumes ? settings : Map.of();
  }
}
