'use strict';
module.exports = async (event, context) => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  return context.status(200).succeed({ slept: 50 });
};
