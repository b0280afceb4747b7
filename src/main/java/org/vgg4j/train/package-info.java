/** Training and evaluation: recipes, the loop, its results and the files of a run. */
package org.vgg4j.train;
