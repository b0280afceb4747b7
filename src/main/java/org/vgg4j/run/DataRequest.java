package org.vgg4j.run;

import java.util.Map;
import java.util.function.Consumer;
import org.vgg4j.data.decoding.CacheOptions;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataSet;
import org.vgg4j.data.sets.Split;

/**
 * Which images a run asks for.
 *
 * @param from a name, or a folder as an absolute path; null for a search
 * @param split what to hold out of a folder of pictures without parts of its own; null for nothing
 * @param pictures how picture files are decoded
 * @param check looks at what was found before it is opened, which may take long; throws what is
 *     wrong with it
 */
public record DataRequest(
    String from, Split split, CacheOptions pictures, Consumer<DataSet> check) {
  /**
   * Returns what settings ask for; a split is drawn by their seed, or that of a recipe without one.
   *
   * @param given key to text
   * @param how what the images are for, which says how large pictures are kept where nothing else
   *     does
   * @param check looks at what was found before it is opened
   * @throws org.vgg4j.tensor.InvalidInputException when a value cannot be used
   */
  public static DataRequest of(
      Map<String, String> given, Preprocessing how, Consumer<DataSet> check) {
    Double share = DataSettings.SPLIT.find(given);
    Long seed = RecipeSettings.SEED.find(given);
    long drawn = seed == null ? Recipe.quick().training().seed() : seed;
    return new DataRequest(
        RunData.from(given),
        share == null ? null : new Split(share, drawn),
        DataSettings.pictures(given, how),
        check);
  }
}
