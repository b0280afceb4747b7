package org.vgg4j.run;

import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;
import org.vgg4j.collective.Agreement;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.Closing;

/** The folder of a run, which rank 0 alone has. */
final class SharedFolder {
  private SharedFolder() {}

  /**
   * Returns the folder with its configuration; null on ranks other than 0, which are refused when
   * rank 0 is.
   *
   * @param folder makes it where the run is new
   * @param closing owns it then
   */
  static RunDirectory begin(
      Collective ranks,
      PreviousRun previous,
      Supplier<RunDirectory> folder,
      Map<String, Object> config,
      Closing closing)
      throws IOException {
    RunDirectory[] made = new RunDirectory[1];
    Agreement.fromRankZero(
        ranks,
        () -> {
          made[0] = previous.isNone() ? closing.own(folder.get()) : previous.folder();
          made[0].writeConfig(config);
          return new byte[0];
        });
    return made[0];
  }
}
