# OpenFaaS on Ruby (ruby-http template). `body` is what is posted; return the body, headers and a status.
require "json"

class Handler
  def run(body, headers)
    text = body.read
    name = (text.empty? ? {} : JSON.parse(text))["name"] || "stranger"
    puts "Greeting #{name}"
    return { "message" => "Hello #{name}!" }.to_json, { "Content-Type": "application/json" }, 200
  end
end
