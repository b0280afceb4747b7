package org.vgg4j.tensorboard;

import java.util.Map;

/**
 * What an event says under a tag. Source: TensorFlow's summary.proto and tensor.proto, and
 * plugin_data.proto of TensorBoard's plugin HParams.
 */
public final class Value {
  // Fields of Summary.Value.
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;
  private static final int IMAGE = 4;
  private static final int TENSOR = 8;
  private static final int METADATA = 9;

  private static final int DT_FLOAT = 1;
  private static final int DT_STRING = 7;
  private static final int COLOURS_AND_ALPHA = 4;

  private final Message message;

  private Value(Message message) {
    this.message = message;
  }

  Message message() {
    return message;
  }

  private static Message tagged(String tag) {
    return new Message().text(TAG, tag);
  }

  /** Returns a number, of which a curve is drawn. */
  public static Value scalar(String tag, double value) {
    return new Value(tagged(tag).single(SIMPLE_VALUE, (float) value));
  }

  /**
   * Returns a picture.
   *
   * @param png the bytes of a PNG file
   */
  public static Value image(String tag, int width, int height, byte[] png) {
    Message image = new Message().number(1, height).number(2, width);
    image.number(3, COLOURS_AND_ALPHA).bytes(4, png);
    return new Value(tagged(tag).message(IMAGE, image));
  }

  /** Returns a text in Markdown. */
  public static Value text(String tag, String markdown) {
    Message one = new Message().message(2, new Message().number(1, 1)); // a dimension of size 1
    Message tensor = new Message().number(1, DT_STRING).message(2, one).text(8, markdown);
    return new Value(
        tagged(tag).message(TENSOR, tensor).message(METADATA, plugin("text", new Message())));
  }

  /**
   * Returns the settings of a run, by which the dashboard HParams compares runs.
   *
   * @param settings numbers, truths and texts; anything else as its text
   * @param seconds when the run began, since 1970
   */
  public static Value settings(Map<String, ?> settings, double seconds) {
    Message start = new Message();
    settings.forEach(
        (key, value) -> start.message(1, new Message().text(1, key).message(2, json(value))));
    start.real(5, seconds);
    Message tensor = new Message().number(1, DT_FLOAT).message(2, new Message());
    return new Value(
        tagged("_hparams_/session_start_info")
            .message(TENSOR, tensor)
            .message(METADATA, plugin("hparams", new Message().message(3, start))));
  }

  /** Returns a value of google.protobuf.Value. */
  private static Message json(Object value) {
    return value instanceof Number number
        ? new Message().real(2, number.doubleValue())
        : value instanceof Boolean truth
            ? new Message().number(4, truth ? 1 : 0)
            : new Message().text(3, String.valueOf(value));
  }

  /** Returns the metadata that say whose a value is. */
  private static Message plugin(String name, Message content) {
    return new Message().message(1, new Message().text(1, name).message(2, content));
  }
}
