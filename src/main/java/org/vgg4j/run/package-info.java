/** A training as a folder: recipe, configuration, metrics, checkpoints and exact resumption. */
package org.vgg4j.run;
