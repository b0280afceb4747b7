package org.vgg4j.tensorboard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files read by TensorBoard itself, where python3 has it. */
final class TensorBoardReaderTest {
  private static final String SCRIPT =
      """
      import sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
      events = EventAccumulator(sys.argv[1])
      events.Reload()
      print('scalars', [(e.step, e.value, e.wall_time) for e in events.Scalars('loss/train')])
      image = events.Images('picture')[0]
      print('image', image.width, image.height, image.encoded_image_string)
      print('text', events.Tensors('words')[0].tensor_proto.string_val)
      print(events.SummaryMetadata('words').plugin_data.plugin_name)
      content = events.SummaryMetadata('_hparams_/session_start_info').plugin_data.content
      start = HParamsPluginData.FromString(content).session_start_info
      print('settings', start.hparams['lr'].number_value, start.hparams['net'].string_value)
      """;

  @TempDir private Path folder;

  private static String python(String... arguments) throws IOException, InterruptedException {
    List<String> command = new java.util.ArrayList<>(List.of("python3", "-c"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return process.waitFor() == 0 ? said : null;
  }

  private static boolean hasTensorBoard() throws InterruptedException {
    try {
      return python("import tensorboard.backend.event_processing.event_accumulator") != null;
    } catch (IOException e) {
      return false; // no python3
    }
  }

  @Test
  void tensorBoardReadsWhatWasWritten() throws IOException, InterruptedException {
    Assumptions.assumeTrue(hasTensorBoard(), "python3 has no tensorboard");
    try (EventFile first = EventFile.createIn(folder, 100)) {
      first.add(
          100,
          0,
          List.of(
              Value.settings(Map.of("lr", 0.5, "net", "vgg"), 100),
              Value.text("words", "ü"),
              Value.image("picture", 3, 2, new byte[] {65, 66})));
      first.add(101, 1, List.of(Value.scalar("loss/train", 2)));
      first.add(102, 2, List.of(Value.scalar("loss/train", 9)));
    }
    try (EventFile second = EventFile.createIn(folder, 103)) {
      second.restart(103, 2);
      second.add(104, 2, List.of(Value.scalar("loss/train", 1)));
    }
    assertEquals(
        """
        scalars [(1, 2.0, 101.0), (2, 1.0, 104.0)]
        image 3 2 b'AB'
        text [b'\\xc3\\xbc']
        text
        settings 0.5 vgg\
        """
            .stripIndent(),
        python(SCRIPT, folder.toString()));
  }
}
