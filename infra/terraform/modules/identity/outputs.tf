output "fetcher_credentials" {
  description = "Credential configuration of image fetchers: their pod's own token, exchanged at the Security Token Service."
  value = jsonencode({
    type               = "external_account"
    universe_domain    = "googleapis.com"
    audience           = "identitynamespace:${local.pool}:https://container.googleapis.com/v1/projects/${var.project}/locations/${var.region}/clusters/${var.name}"
    subject_token_type = "urn:ietf:params:oauth:token-type:jwt"
    token_url          = "https://sts.googleapis.com/v1/token"
    credential_source  = { file = "/var/run/secrets/google/token" }
  })
}
