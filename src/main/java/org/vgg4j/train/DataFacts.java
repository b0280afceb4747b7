package org.vgg4j.train;

import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.vgg4j.data.ImageSource;

/** What tells a data set from another without reading all of it. */
public final class DataFacts {
  /** So many images, spread evenly, stand for all. */
  private static final int SAMPLE = 64;

  private DataFacts() {}

  /**
   * Returns facts about images: their number, classes, all labels, and the contents of some.
   *
   * @param what goes before each name, such as training
   */
  public static Map<String, String> of(String what, ImageSource images) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(what + " images", Integer.toString(images.size()));
    facts.put("classes of the " + what + " images", String.join(", ", images.classNames()));
    CRC32C labels = new CRC32C();
    for (int i = 0; i < images.size(); i++) {
      int label = images.label(i);
      labels.update(label);
      labels.update(label >>> 8);
    }
    facts.put("checksum of the " + what + " labels", digits(labels));
    CRC32C contents = new CRC32C();
    int count = Math.min(SAMPLE, images.size());
    for (int i = 0; i < count; i++) {
      images.addTo(contents, (int) ((long) i * images.size() / count));
    }
    facts.put("checksum of some " + what + " images", digits(contents));
    return facts;
  }

  private static String digits(CRC32C crc) {
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
