# The packages of build.ps1, which dot-sources this file and gives it its parameters and folders.
function Get-ModuleVersion {
    (Import-PowerShellDataFile -LiteralPath (Join-Path $moduleProject 'ResizeLora.psd1')).ModuleVersion
}

function Build-ModuleFolder {
    <# Builds the module into an empty folder, without symbols. #>
    param([string] $Folder, [string[]] $Property)

    if (Test-Path -LiteralPath $Folder) {
        Remove-Item -LiteralPath $Folder -Recurse
    }

    $arguments = @('build', $moduleProject, '-c', $Configuration, "-p:ModuleOutputDirectory=$Folder/", '-p:ModuleSymbols=false') + $Property
    Invoke-Program dotnet $arguments | Out-Host
}

function Write-Checksum {
    <# Writes a file's SHA-256 beside it, as sha256sum does; gives both files. #>
    param([string] $Path)

    $hash = (Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash.ToLowerInvariant()
    Set-Content -NoNewline -LiteralPath "$Path.sha256" -Value "$hash  $(Split-Path -Leaf $Path)`n"
    Get-Item -LiteralPath $Path, "$Path.sha256"
}

function Build-GalleryPackage {
    <# The package for every platform, which carries no libtorch. #>
    if (-not (Get-Command Compress-PSResource -ErrorAction Ignore)) {
        throw 'Packing takes Compress-PSResource, which Microsoft.PowerShell.PSResourceGet 1.1 and later have: ' +
            'Install-PSResource Microsoft.PowerShell.PSResourceGet.'
    }

    $folder = Join-Path $packageOutput 'ResizeLora'
    Build-ModuleFolder -Folder $folder -Property '-p:Torch=none'
    Compress-PSResource -Path $folder -DestinationPath $packageOutput
    Write-Checksum (Join-Path $packageOutput "ResizeLora.$(Get-ModuleVersion).nupkg")
}

function Build-Archive {
    <# A zip for one platform with libtorch inside, for machines without internet: it is unpacked into a module path. #>
    param([string] $Platform)

    $version = Get-ModuleVersion
    $folder = Join-Path $packageOutput "ResizeLora-$version-$Platform-$Torch"
    $property = "-p:Torch=$Torch", "-p:TorchRuntimeIdentifier=$Platform", "-p:ModulePlatforms=$Platform"
    Build-ModuleFolder -Folder (Join-Path $folder 'ResizeLora' $version) -Property $property

    # Compress-Archive stops at 2 GiB, which the CUDA libraries exceed.
    $archive = "$folder.zip"
    if (Test-Path -LiteralPath $archive) {
        Remove-Item -LiteralPath $archive
    }

    [System.IO.Compression.ZipFile]::CreateFromDirectory($folder, $archive)
    Write-Checksum $archive
}

function Build-Package {
    Build-GalleryPackage
    $all = $Torch -eq 'cuda' ? @('linux-x64', 'win-x64') : @('linux-x64', 'win-x64', 'osx-arm64')
    foreach ($platform in $RuntimeIdentifier ? $RuntimeIdentifier : $all) {
        Build-Archive -Platform $platform
    }
}

function Publish-BuiltModule {
    <# Publishes the gallery package. #>
    if (-not $Repository) {
        throw 'Publishing takes -Repository, a name that Get-PSResourceRepository lists.'
    }

    $package = Build-GalleryPackage | Select-Object -First 1
    $key = $ApiKey ? @{ ApiKey = ConvertFrom-SecureString -SecureString $ApiKey -AsPlainText } : @{}
    Publish-PSResource -NupkgPath $package.FullName -Repository $Repository @key
    $package
}

function Install-BuiltModule {
    <# Copies the module with libtorch, built for this machine, into the user's module path. #>
    $modules = $env:PSModulePath -split [System.IO.Path]::PathSeparator |
        Where-Object { $_.StartsWith($HOME, [System.StringComparison]::OrdinalIgnoreCase) } |
        Select-Object -First 1
    if (-not $modules) {
        throw "PSModulePath names no folder under $HOME to install into."
    }

    $destination = Join-Path $modules 'ResizeLora' (Get-ModuleVersion)
    $platform = Invoke-Program dotnet msbuild, $moduleProject, '-getProperty:NETCoreSdkPortableRuntimeIdentifier'
    $properties = "-p:Torch=$Torch", "-p:TorchRuntimeIdentifier=$platform", "-p:ModulePlatforms=$platform"
    Build-ModuleFolder -Folder $destination -Property $properties
    Get-Item -LiteralPath $destination
}
