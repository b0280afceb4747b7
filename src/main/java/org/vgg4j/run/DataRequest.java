package org.vgg4j.run;

import java.util.Map;
import java.util.function.Supplier;
import org.vgg4j.data.decoding.CacheOptions;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.Split;

/**
 * Which images a run asks for.
 *
 * @param from a name, or a folder as an absolute path; null for a search
 * @param split what to hold out of a folder of pictures without parts of its own; null for nothing
 * @param pictures how picture files are decoded, where there are any
 */
public record DataRequest(String from, Split split, Supplier<CacheOptions> pictures) {
  /**
   * Returns what settings ask for; a split is drawn by their seed, or that of a recipe without one.
   *
   * @param given key to text
   * @param how what the images are for, which says how large pictures are kept where nothing else
   *     does
   * @throws org.vgg4j.tensor.InvalidInputException when a value cannot be used
   */
  public static DataRequest of(Map<String, String> given, Preprocessing how) {
    Double share = DataSettings.SPLIT.find(given);
    Long seed = RecipeSettings.SEED.find(given);
    long drawn = seed == null ? Recipe.quick().training().seed() : seed;
    return new DataRequest(
        RunData.from(given),
        share == null ? null : new Split(share, drawn),
        () -> DataSettings.pictures(given, how));
  }
}
